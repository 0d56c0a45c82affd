"""Pictures of sound, as PNG files; matplotlib is loaded when one is drawn."""

from rtaudio_dl.views.pictures.render import draw_render
from rtaudio_dl.views.pictures.sound import draw_sound
from rtaudio_dl.views.pictures.timbres import draw_timbres

__all__ = ["draw_render", "draw_sound", "draw_timbres"]
