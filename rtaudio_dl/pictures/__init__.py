"""Pictures of sound, as PNG files; matplotlib is loaded when one is drawn."""

from rtaudio_dl.pictures.render import draw_render
from rtaudio_dl.pictures.sound import draw_sound

__all__ = ["draw_render", "draw_sound"]
