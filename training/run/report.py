"""One page for every evaluation: its look, and the pieces that it is made of.

A page needs nothing else: pictures and sounds are inside. What comes from data or from
a user goes through `text`.
"""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import soundfile

from training.audio.pcm import INT16
from training.run.files import write_atomically

CSS = """
:root{color-scheme:light dark;--ink:light-dark(#1b222b,#e6e9ee);--soft:#7a8594;
--line:light-dark(#e1e5ea,#333b46);--card:light-dark(#fff,#1d232b);
--paper:light-dark(#f5f6f8,#12161b);--blue:59,125,216;--orange:224,123,57}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);
max-width:72rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.6rem;margin:0}h2{font-size:1.1rem;margin:0 0 .8rem}
.soft{color:var(--soft)}section{background:var(--card);border:1px solid var(--line);
border-radius:10px;padding:1.2rem;margin:1rem 0;overflow-x:auto}
.missed{color:rgb(var(--orange))}section img{max-width:100%}
.tiles,.pair,.wrong{display:grid;gap:1rem}
.tiles{grid-template-columns:repeat(auto-fit,minmax(10rem,1fr));margin:1rem 0}
.tiles div{background:var(--card);border:1px solid var(--line);border-radius:10px;
padding:.8rem 1rem}.tiles b{display:block;font-size:1.7rem;font-weight:600}
.pair{grid-template-columns:repeat(auto-fit,minmax(min(26rem,100%),1fr))}
.pair section{margin:0}svg{width:100%;height:auto}
.wrong{grid-template-columns:repeat(auto-fill,minmax(15.5rem,1fr))}
figure{margin:0}figure img{width:100%;border-radius:6px;display:block;
image-rendering:pixelated}audio{height:2rem}figure audio{width:100%;margin-top:.3rem}
figcaption{font-size:.8rem;overflow-wrap:anywhere}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.9rem}
td,th{padding:.25rem .6rem;text-align:right;font-weight:400}
th{color:var(--soft)}td:first-child,th:first-child{text-align:left}
.grid td{text-align:center;min-width:1.4rem;padding:.3rem .35rem;font-size:.8rem}
.grid th{font-size:.75rem;white-space:nowrap}
.grid thead th{writing-mode:vertical-rl;transform:rotate(180deg);text-align:left;
padding:.4rem .1rem}dl{display:grid;grid-template-columns:max-content 1fr;
gap:.2rem 1rem;margin:0}dt{color:var(--soft)}dd{margin:0}
meter{width:4rem;height:.7rem;vertical-align:middle}
.bars td{white-space:nowrap;padding:.25rem .4rem}.bars meter{width:2.5rem}
"""


def write(path: Path, title: str, intro: str, *parts: str) -> Path:
    """Write a page of ``parts``, HTML each; title and intro are plain text."""
    page = (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{text(title)}: evaluation</title><style>{CSS}</style>"
        f'<h1>{text(title)}</h1><div class="soft">{text(intro)}</div>'
        f"{''.join(parts)}</html>\n"
    )
    write_atomically(path, lambda file: file.write(page.encode()))
    return path


def text(plain: object) -> str:
    """Plain text as HTML."""
    return html.escape(str(plain))


def section(title: str, *parts: str, soft: str = "") -> str:
    """A card with a heading and perhaps a line in soft colour."""
    line = f'<p class="soft">{text(soft)}</p>' if soft else ""
    return f"<section><h2>{text(title)}</h2>{line}{''.join(parts)}</section>"


def pair(*sections: str) -> str:
    """Sections side by side where there is room."""
    return f'<div class="pair">{"".join(sections)}</div>'


def tiles(figures: Iterable[tuple[str, str]]) -> str:
    """Large figures, each with what it is."""
    cells = "".join(
        f"<div><b>{text(figure)}</b><span class=soft>{text(name)}</span></div>"
        for figure, name in figures
    )
    return f'<div class="tiles">{cells}</div>'


def table(head: Iterable[str], rows: Iterable[Iterable[str]], kind: str = "") -> str:
    """A table; ``head`` is plain text, cells are HTML; ``kind`` is a class of CSS."""
    first = "".join(f"<th>{text(name)}" for name in head)
    lines = "".join(
        f"<tr>{''.join(f'<td>{cell}' for cell in row)}</tr>" for row in rows
    )
    return f'<table class="{kind}"><tr>{first}</tr>{lines}</table>'


def definitions(rows: dict[str, str]) -> str:
    """Names and what they stand for, plain text."""
    items = "".join(f"<dt>{text(k)}<dd>{text(v)}" for k, v in rows.items())
    return f"<dl>{items}</dl>"


def verdict(wanted: str, met: bool) -> str:
    """A target and whether it was met."""
    word = "met" if met else "missed"
    return f"<span class={word}>{text(wanted)}: {word}</span>"


def bar(share: float) -> str:
    """A share as a number and a bar."""
    return f'{share:.3f} <meter value="{share}"></meter>'


def percent(share: float | None) -> str:
    """A share in percent, or a dash for none."""
    return "–" if share is None else f"{100 * share:.1f} %"


def image(png: bytes | Path, name: str = "picture") -> str:
    """A picture inside the page."""
    data = png if isinstance(png, bytes) else png.read_bytes()
    source = base64.b64encode(data).decode()
    return f'<img alt="{text(name)}" src="data:image/png;base64,{source}">'


def sound(audio: np.ndarray, rate: int) -> str:
    """A sound (frames,), int16 or float -1..1, as a player inside the page."""
    if audio.dtype != np.int16:
        audio = audio / max(1.0, float(np.abs(audio).max(initial=0.0)))
        audio = np.round(audio * INT16).astype(np.int16)
    file = io.BytesIO()
    soundfile.write(file, audio, rate, format="FLAC")  # which every browser plays
    data = base64.b64encode(file.getvalue()).decode()
    source = f"data:audio/flac;base64,{data}"
    return f'<audio controls preload="none" src="{source}"></audio>'
