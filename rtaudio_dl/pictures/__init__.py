"""Pictures of sound, as PNG files; matplotlib is loaded when one is drawn."""

from rtaudio_dl.pictures.render import draw_render
from rtaudio_dl.pictures.sound import draw_sound
from rtaudio_dl.pictures.timbres import draw_timbres

__all__ = ["draw_render", "draw_sound", "draw_timbres"]
