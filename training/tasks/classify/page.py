"""The evaluation as one HTML page, its pictures and sounds inside."""

from __future__ import annotations

import base64
import html
import io
from pathlib import Path

import numpy as np
import soundfile

from training.audio.pcm import INT16
from training.run.files import write_atomically
from training.tasks.classify import calibrate, metrics, plots
from training.tasks.classify.held_out import Outcome
from training.tasks.classify.verdict import Verdict

MISTAKES = 24
MAX_SECONDS = 5.0  # of a sound in the page

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{name}: evaluation</title><style>
:root{{color-scheme:light dark;--ink:light-dark(#1b222b,#e6e9ee);--soft:#7a8594;
--line:light-dark(#e1e5ea,#333b46);--card:light-dark(#fff,#1d232b);
--paper:light-dark(#f5f6f8,#12161b);--blue:59,125,216;--orange:224,123,57}}
body{{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);
max-width:72rem;margin:2rem auto;padding:0 1rem}}
h1{{font-size:1.6rem;margin:0}}h2{{font-size:1.1rem;margin:0 0 .8rem}}
.soft{{color:var(--soft)}}section{{background:var(--card);border:1px solid var(--line);
border-radius:10px;padding:1.2rem;margin:1rem 0;overflow-x:auto}}
.tiles,.pair,.wrong{{display:grid;gap:1rem}}
.tiles{{grid-template-columns:repeat(auto-fit,minmax(10rem,1fr));margin:1rem 0}}
.tiles div{{background:var(--card);border:1px solid var(--line);border-radius:10px;
padding:.8rem 1rem}}.tiles b{{display:block;font-size:1.7rem;font-weight:600}}
.pair{{grid-template-columns:repeat(auto-fit,minmax(min(26rem,100%),1fr))}}
.pair section{{margin:0}}svg{{width:100%;height:auto}}
.wrong{{grid-template-columns:repeat(auto-fill,minmax(15.5rem,1fr))}}
figure{{margin:0}}figure img{{width:100%;border-radius:6px;display:block;
image-rendering:pixelated}}figure audio{{width:100%;height:2rem;margin-top:.3rem}}
figcaption{{font-size:.8rem;overflow-wrap:anywhere}}
table{{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.9rem}}
td,th{{padding:.25rem .6rem;text-align:right;font-weight:400}}
th{{color:var(--soft)}}td:first-child,th:first-child{{text-align:left}}
.grid td{{text-align:center;min-width:1.4rem;padding:.3rem .35rem;font-size:.8rem}}
.grid th{{font-size:.75rem;white-space:nowrap}}
.grid thead th{{writing-mode:vertical-rl;transform:rotate(180deg);text-align:left;
padding:.4rem .1rem}}dl{{display:grid;grid-template-columns:max-content 1fr;
gap:.2rem 1rem;margin:0}}dt{{color:var(--soft)}}dd{{margin:0}}
meter{{width:4rem;height:.7rem;vertical-align:middle}}
.bars td{{white-space:nowrap;padding:.25rem .4rem}}.bars meter{{width:2.5rem}}
</style>
<h1>{name}</h1><div class="soft">{protocol}</div>
<div class="tiles">{tiles}</div>
<div class="pair"><section><h2>What was taken for what</h2>
<p class="soft">Rows: what it was. Columns: what it was taken for. Test clips.</p>
{confusion}</section>
<section><h2>Classes</h2>{classes}</section>
<section><h2>ROC, each class against the rest</h2>{roc}</section>
<section><h2>Does confidence mean something?</h2>{reliability}</section>
<section><h2>Learning curves</h2>{curves}</section>
<section><h2>The model</h2>{facts}{runs}</section></div>
<section><h2>The worst mistakes</h2><p class="soft">{wrong_count} of {clips} clips were
taken for something else; the most confident first.</p>
<div class="wrong">{wrong}</div></section></html>
"""


def write(path: Path, result: dict, outcomes: list[Outcome], judged: Verdict) -> None:
    """Write the page; ``result`` is what `evaluate.figures` gave."""
    config = outcomes[0].part.config
    before, after = (
        calibrate.reliability(scores, judged.window_classes)
        for scores in (judged.raw_windows, judged.windows)
    )
    curves = {
        label: metrics.roc(judged.scores[:, k], judged.classes == k)
        for k, label in enumerate(judged.labels)
        if np.any(judged.classes == k)
    }
    text = PAGE.format(
        name=html.escape(config.model.name),
        protocol=html.escape(result["protocol"]),
        tiles="".join(_tile(*tile) for tile in _tiles(result)),
        confusion=_confusion(judged),
        classes=_classes(result["classes"]),
        roc=plots.roc_curves(curves),
        reliability=plots.reliability(before, after),
        curves=plots.learning_curves([o.trained.facts["history"] for o in outcomes]),
        facts=_facts(result, outcomes[0]),
        runs=_runs(result["runs"]) if len(result["runs"]) > 1 else "",
        wrong_count=result["mistakes"],
        clips=result["clips"],
        wrong="".join(
            _mistake(outcomes, judged, i) for i in judged.mistakes()[:MISTAKES]
        ),
    )
    write_atomically(path, lambda file: file.write(text.encode()))


def _tiles(result: dict) -> list[tuple[str, str]]:
    low, high = result["accuracy_95"]
    spread = f"95 %: {_percent(low)} to {_percent(high)}"
    if len(result["runs"]) > 1:
        spread = f"± {_percent(result['accuracy_spread'])} over the runs"
    classes = list(result["classes"].values())
    return [
        (_percent(result["accuracy"]), f"accuracy; {spread}"),
        (f"{result['mistakes']} / {result['clips']}", "clips taken for another"),
        (f"{np.mean([c['auc'] for c in classes]):.3f}", "mean area under the ROC"),
        (_percent(min(c["recall"] for c in classes)), "recall of the weakest class"),
        (
            f"{result['calibration_error']:.3f}",
            f"calibration error; before {result['calibration_error_before']:.3f}",
        ),
    ]


def _tile(figure: str, name: str) -> str:
    return f"<div><b>{figure}</b><span class=soft>{html.escape(name)}</span></div>"


def _confusion(judged: Verdict) -> str:
    table = metrics.confusion(judged.classes, judged.found, len(judged.labels))
    head = "".join(f"<th>{html.escape(label)}" for label in judged.labels)
    rows = []
    for k, label in enumerate(judged.labels):
        total = max(1, table[k].sum())
        cells = "".join(
            _cell(n, n / total, k == j) for j, n in enumerate(table[k].tolist())
        )
        rows.append(f"<tr><th>{html.escape(label)}{cells}</tr>")
    return (
        f"<table class=grid><thead><tr><th>{head}</tr></thead>{''.join(rows)}</table>"
    )


def _cell(count: int, share: float, right: bool) -> str:
    if not count:
        return "<td>"
    # The root makes a single mistake visible beside hundreds of hits.
    colour = f"rgba(var(--{'blue' if right else 'orange'}),{share**0.5 * 0.85:.2f})"
    return f'<td style="background:{colour}">{count}'


def _classes(classes: dict) -> str:
    head = "<tr><th>class<th>precision<th>recall<th>F1<th>AUC<th>threshold<th>clips"
    rows = "".join(
        f"<tr><td>{html.escape(name)}<td>{_bar(c['precision'])}<td>{_bar(c['recall'])}"
        f"<td>{c['f1']:.3f}<td>{c['auc']:.3f}<td>{c['threshold']:.2f}<td>{c['clips']}"
        for name, c in classes.items()
    )
    return f"<table class=bars>{head}{rows}</table>"


def _bar(share: float) -> str:
    return f'{share:.3f} <meter value="{share}"></meter>'


def _facts(result: dict, outcome: Outcome) -> str:
    config, facts = outcome.part.config, outcome.trained.facts
    seconds = config.data.frames / config.data.sample_rate
    model, front = config.model, config.front
    rows = {
        "hears": f"{seconds:g} s at {config.data.sample_rate} Hz, mono",
        "feature": f"{front.kind} of {front.bands} mel bands, window {front.window}, "
        f"hop {front.hop} frames",
        "network": f"{model.kind}, {facts['parameters']:,} parameters",
        "trained on": f"{facts['clips']} clips of {facts['groups']} speakers or "
        f"sources, {facts['minutes']:.0f} minutes, {facts['step']} steps",
        "licences of the sounds": facts["licences"],
        "licence of the model": model.licence or "none given",
        "temperature": ", ".join(f"{r['temperature']:.2f}" for r in result["runs"])
        + f"; chosen on: {result['runs'][0]['chosen_on']}",
        "not readable": str(len(outcome.data.clips.problems)),
    }
    items = "".join(f"<dt>{k}<dd>{html.escape(v)}" for k, v in rows.items())
    return f"<dl>{items}</dl>"


def _runs(runs: list[dict]) -> str:
    rows = "".join(
        f"<tr><td>{r['run']}<td>{html.escape(r['held_out'])}"
        f"<td>{_bar(r['accuracy'])}<td>{r['clips']}"
        for r in runs
    )
    return f"<table><tr><th>run<th>held out<th>accuracy<th>clips{rows}</table>"


def _mistake(outcomes: list[Outcome], judged: Verdict, i: int) -> str:
    outcome = outcomes[judged.run[i]]
    row = judged.row[i]
    entry = outcome.data.manifest.entries[row]
    rate = outcome.part.config.data.sample_rate
    clip = np.asarray(outcome.data.clips.audio[0][row])[: round(MAX_SECONDS * rate)]
    truth, found = judged.classes[i], judged.found[i]
    return (
        f'<figure><img alt="spectrogram" src="'
        f'{plots.spectrogram(clip.astype(np.float32) / INT16)}">'
        f'<audio controls preload="none" src="{_audio(clip, rate)}"></audio>'
        f"<figcaption><b>{html.escape(judged.labels[truth])}</b> "
        f"({_percent(judged.scores[i, truth])}) taken for "
        f"<b>{html.escape(judged.labels[found])}</b> "
        f"({_percent(judged.scores[i, found])})<br>"
        f'<span class="soft">{html.escape(entry.path)}</span></figcaption></figure>'
    )


def _audio(clip: np.ndarray, rate: int) -> str:
    """A sound (frames,) int16 as a FLAC data address, which every browser plays."""
    file = io.BytesIO()
    soundfile.write(file, clip, rate, format="FLAC")
    return "data:audio/flac;base64," + base64.b64encode(file.getvalue()).decode()


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
