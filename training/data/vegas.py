"""VEGAS (Zhou et al., 2018): ten classes of AudioSet videos that sound as they look."""

from __future__ import annotations

from pathlib import Path

from training.data import text
from training.data.adaptor import Adaptor, not_as_published
from training.data.manifest import Entry, Manifest
from training.data.tree import Tree
from training.errors import DataError

CLASSES = (
    *("baby_cry", "chainsaw", "dog", "drum", "fireworks", "helicopter", "printer"),
    *("rail_transport", "snoring", "water_flowing"),
)
SOUNDS = "audios"
TABLE = "video_info.csv"
PUBLISHED = {"all": 28_109}


def vegas(source: Path) -> Manifest:
    """``CLASS/audios/video_NNNNN.wav``, in VEGAS or in its folder ``Data``; no split.

    The group is the video on YouTube where ``CLASS/video_info.csv`` has a column
    ``ytid``, else the file.
    """
    data = source / "Data"
    tree = Tree(data if data.is_dir() else source)
    entries: list[Entry] = []
    for label in CLASSES:
        paths = tree.under(f"{label}/{SOUNDS}")
        if not paths:
            tree.problems.append(f"{label}/{SOUNDS}: no sounds")
        videos = _videos(tree.root / label / TABLE)
        entries += [
            Entry(p, (label,), group=videos.get(Path(p).stem) or p) for p in paths
        ]
    if not entries:
        raise DataError(
            f"{source}: no CLASS/{SOUNDS}/video_NNNNN.wav of the classes "
            f"{', '.join(CLASSES)}"
        )
    differ = not_as_published({"all": len(entries)}, PUBLISHED)
    problems = (*tree.problems, *differ)
    return Manifest("vegas", tree.root, CLASSES, tuple(entries), problems)


def _videos(path: Path) -> dict[str, str]:
    """Name of a clip -> id of its video; the clip is whichever column names it."""
    if not path.is_file():
        return {}
    return {
        Path(value).stem: row["ytid"]
        for row in text.csv_rows(path, ("ytid",))
        for value in row.values()
        if value.startswith("video_")
    }


VEGAS = Adaptor("vegas", "VEGAS: 28,109 sounds of videos", vegas)
