"""Every data set in its published layout, tiny, written on the fly."""

import json
from pathlib import Path

import numpy as np
import soundfile

# Speakers that the published lists of Speech Commands v0.01 name, and one of neither.
VALID, TEST, TRAIN = ("8b775397", "2643992f"), ("2aa787cf", "ffa76c4a"), ("00176480",)
COMMANDS = ("yes", "no", "up", "down", "left", "right", "on", "off", "stop", "go")
WORDS = (*COMMANDS, "cat", "zero", "nine")
NOTES = {
    "train": ["bass_synthetic_033-022-050", "synth_lead_synthetic_000-060-127"],
    "valid": ["keyboard_acoustic_004-060-025"],
    "test": ["keyboard_acoustic_004-061-025", "vocal_acoustic_000-050-100"],
}
QUALITIES = [0, 1, 0, 0, 0, 0, 0, 0, 1, 0]


def sound(path: Path, rate: int = 8_000, seconds: float = 0.2) -> None:
    """A short noise; seeded by the name, so that files differ."""
    path.parent.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(sum(map(ord, path.name)))
    soundfile.write(path, random.uniform(-0.1, 0.1, round(rate * seconds)), rate)


def sounds(folder: Path, *names: str, rate: int = 8_000, seconds: float = 0.2) -> None:
    """Several of them."""
    for name in names:
        sound(folder / name, rate, seconds)


def lines(path: Path, *rows: str) -> None:
    """A text file of these lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")


def esc50(folder: Path) -> None:
    rows = [
        f"{k}-{clip}-{take}-{target}.wav,{k},{target},{name},{esc10},{clip},{take}"
        for target, name, esc10 in ((0, "dog", True), (14, "chirping_birds", False))
        for k in range(1, 6)
        for clip in [100 * k + target]
        for take in "AB"
    ]
    header = "filename,fold,target,category,esc10,src_file,take"
    lines(folder / "meta" / "esc50.csv", header, *rows)
    names = [row.split(",")[0] for row in rows]
    sounds(folder / "audio", *names, rate=44_100, seconds=5.0)


def esc10(folder: Path) -> None:
    names = [
        f"{kind}/{k}-{clip + k}-{take}.ogg"
        for kind, clip in (("001 - Dog bark", 100), ("002 - Rain", 200))
        for k in range(1, 6)
        for take in "AB"
    ]
    sounds(folder, *names)
    link = "http://creativecommons.org/publicdomain/zero/1.0/"
    lines(
        folder / "README.md",
        "**001 - Dog bark**:",
        "- **[1-101-A.ogg](https://x/001%20-%20Dog%20bark/1-101-A.ogg)**:  clip derived"
        f" from [bark.wav](https://y) by *somebody* ([CC0]({link}))",
    )


def speech_commands(folder: Path) -> None:
    names = [f"{w}/{s}_nohash_0.wav" for w in WORDS for s in VALID + TEST + TRAIN]
    sounds(folder, *names, rate=16_000)
    for name, seconds in (("pink_noise", 3.5), ("running_tap", 2.0), ("mews", 2.5)):
        sound(folder / "_background_noise_" / f"{name}.wav", 16_000, seconds)


def speech_commands_listed(folder: Path) -> None:
    speech_commands(folder)
    for name, speakers in (("validation", VALID), ("testing", TEST)):
        listed = [f"{w}/{s}_nohash_0.wav" for w in WORDS for s in speakers]
        lines(folder / f"{name}_list.txt", *listed)


def speech_commands_test(folder: Path) -> None:
    for word in COMMANDS:
        sounds(folder / word, *(f"{s}_nohash_0.wav" for s in TEST), rate=16_000)
    sounds(folder / "_silence_", "1024.wav", "1037.wav", rate=16_000)
    sound(folder / "_unknown_" / f"backward_{TEST[0]}_nohash_2.wav", 16_000)


def sc09(folder: Path) -> None:
    for split, speakers in (("train", TRAIN), ("valid", VALID), ("test", TEST)):
        names = [f"{w}_{s}_nohash_0.wav" for w in ("Zero", "Nine") for s in speakers]
        sounds(folder / split, *names, rate=16_000)


def fsdd(folder: Path) -> None:
    names = [
        f"{digit}_{speaker}_{take}.wav"
        for digit in (0, 7)
        for speaker in ("jackson", "theo", "nicolas")
        for take in (0, 4, 5, 49)
    ]
    sounds(folder / "recordings", *names)


def nsynth(folder: Path) -> None:
    for split, notes in NOTES.items():
        facts = {note: {"note_str": note, "qualities": QUALITIES} for note in notes}
        lines(folder / f"nsynth-{split}" / "examples.json", json.dumps(facts))
        audio = folder / f"nsynth-{split}" / "audio"
        sounds(audio, *(f"{n}.wav" for n in notes), rate=16_000, seconds=4.0)


def nsynth_tfrecord(folder: Path) -> None:
    import tensorflow as tf

    def ints(values):
        return tf.train.Feature(int64_list=tf.train.Int64List(value=values))

    for split, notes in NOTES.items():
        with tf.io.TFRecordWriter(str(folder / f"nsynth-{split}.tfrecord")) as writer:
            for k, note in enumerate(notes):
                name = tf.train.BytesList(value=[note.encode()])
                audio = tf.train.FloatList(value=np.full(64, k / 4))
                feature = {
                    "note_str": tf.train.Feature(bytes_list=name),
                    "qualities": ints(QUALITIES),
                    "pitch": ints([60]),
                    "audio": tf.train.Feature(float_list=audio),
                }
                features = tf.train.Features(feature=feature)
                writer.write(tf.train.Example(features=features).SerializeToString())


def urbansound8k(folder: Path) -> None:
    rows = [
        f"{fs}-3-0-{n}.wav,{fs},0.5,0.9,1,{k},{n},{name}"
        for n, name in ((3, "dog_bark"), (8, "siren"))
        for k in range(1, 11)
        for fs in [1000 * n + k]
    ]
    header = "slice_file_name,fsID,start,end,salience,fold,classID,class"
    lines(folder / "metadata" / "UrbanSound8K.csv", header, *rows)
    for row in rows:
        name, fold = row.split(",")[0], row.split(",")[5]
        sound(folder / "audio" / f"fold{fold}" / name)


def fsdkaggle2018(folder: Path) -> None:
    meta = folder / "FSDKaggle2018.meta"
    lines(
        meta / "train_post_competition.csv",
        "fname,label,manually_verified,freesound_id,license",
        "00044347.wav,Hi-hat,0,28739,Attribution",
        "001ca53d.wav,Saxophone,1,358827,Creative Commons 0",
    )
    lines(
        meta / "test_post_competition_scoring_clips.csv",
        "fname,label,usage,freesound_id,license",
        "00326aa9.wav,Oboe,Private,355125,Attribution",
    )
    train = ("00044347.wav", "001ca53d.wav")
    sounds(folder / "FSDKaggle2018.audio_train", *train, rate=44_100, seconds=0.4)
    sound(folder / "FSDKaggle2018.audio_test" / "00326aa9.wav", 44_100, 0.4)


def fsdkaggle2018_kaggle(folder: Path) -> None:
    lines(
        folder / "train.csv",
        "fname,label,manually_verified",
        "00044347.wav,Hi-hat,0",
    )
    lines(
        folder / "test_post_competition.csv",
        "fname,label,usage,freesound_id,license",
        "00063640.wav,None,Ignored,88926,Attribution",
        "00326aa9.wav,Oboe,Private,355125,Attribution",
    )
    sounds(folder, "audio_train/00044347.wav", "audio_test/00326aa9.wav", rate=44_100)


def audioset(folder: Path) -> None:
    head = "# YTID, start_seconds, end_seconds, positive_labels"
    lines(
        folder / "balanced_train_segments.csv",
        "# Segments csv created Sun Mar  5 10:54:31 2017",
        "# num_ytids=3, num_segs=3, num_unique_labels=3, num_positive_labels=4",
        head,
        '--PJHxphWEs, 0.000, 1.000, "/m/09x0r,/t/dd00088"',
        '-0xzrMun0Rs, 2.000, 3.000, "/m/04rlf"',
        '_0mQpEO8iKw, 30.000, 31.000, "/m/04rlf"',
    )
    lines(
        folder / "eval_segments.csv",
        head,
        '4ufZrKrM6fM, 5.000, 6.000, "/m/09x0r"',
    )
    lines(
        folder / "unbalanced_train_segments.csv",
        head,
        'zzzzzzzzzzz, 0.000, 1.000, "/m/09x0r"',
    )
    lines(
        folder / "class_labels_indices.csv",
        "index,mid,display_name",
        '0,/m/09x0r,"Speech"',
        '1,/t/dd00088,"Male speech, man speaking"',
        '2,/m/04rlf,"Music"',
        '3,/m/0unused,"Silence"',
    )
    cut = ("--PJHxphWEs_0.000_1.000.wav", "Y_0mQpEO8iKw.wav")
    sounds(folder / "balanced", *cut, seconds=1.0)
    sound(folder / "balanced" / "-0xzrMun0Rs.wav", seconds=4.0)
    sound(folder / "eval" / "4ufZrKrM6fM_5000_6000.wav", seconds=1.0)


def vegas(folder: Path) -> None:
    for label in ("dog", "drum"):
        names = [f"video_{n:05d}.wav" for n in range(6)]
        sounds(folder / "Data" / label / "audios", *names)
    lines(
        folder / "Data" / "dog" / "video_info.csv",
        "name,ytid,start,end",
        "video_00000,abcdefghijk,0,5",
        "video_00001,abcdefghijk,5,10",
    )


def bbc(folder: Path) -> None:
    lines(
        folder / "BBCSoundEffects.csv",
        '"location","description","secs","category","CDNumber","CDName","tracknum"',
        '"07076051.wav","Petrol engine, start.","2","Engines: Petrol","EC1","Cars","4"',
        '"07076050.wav","Café, 1 1/2 h.p.","2","","EC1","Cars","1"',
        '"07076049.wav","Cuckoo","2","Birds: Cuckoo","EC2","Birds","3"',
        '"07076048.wav","Crowd","2","","EC3","Crowds","1"',
    )
    names = [f"0707605{n}.wav" for n in (0, 1)]
    sounds(folder / "sounds", *names, "07076049.wav", "07076048.wav")


def folder(folder: Path) -> None:
    for label in ("clap", "snap"):
        names = [f"{who}/{n}.wav" for who in ("ann", "bo", "cy", "di") for n in (1, 2)]
        sounds(folder / label, *names)


# Name of a layout -> data set, its writer, number of entries, labels, groups.
LAYOUTS = {
    "folder": ("folder", folder, 16, 2, 4),
    "esc50": ("esc50", esc50, 20, 2, 10),
    "esc10 of 50": ("esc10", esc50, 10, 1, 5),
    "esc10": ("esc10", esc10, 20, 2, 10),
    "speech commands": ("speech_commands_v2", speech_commands, 65, 13, 5),
    "speech commands, lists": (
        *("speech_commands_v1", speech_commands_listed),
        *(65, 13, 5),
    ),
    "speech commands, test": ("speech_commands_test", speech_commands_test, 23, 12, 4),
    "sc09": ("sc09", sc09, 10, 10, 5),
    "fsdd": ("fsdd", fsdd, 24, 10, 3),
    "nsynth": ("nsynth", nsynth, 5, 11, 4),
    "nsynth, tfrecord": ("nsynth", nsynth_tfrecord, 5, 11, 4),
    "urbansound8k": ("urbansound8k", urbansound8k, 20, 2, 20),
    "fsdkaggle2018": ("fsdkaggle2018", fsdkaggle2018, 3, 3, 3),
    "fsdkaggle2018, kaggle": ("fsdkaggle2018", fsdkaggle2018_kaggle, 2, 2, 2),
    "audioset": ("audioset", audioset, 4, 3, 4),
    "vegas": ("vegas", vegas, 12, 10, 11),
    "bbc": ("bbc", bbc, 4, 3, 3),
}
