"""``init`` looks at a data set and writes a study file that ``check`` accepts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from study.cli import main
from study.planning import starter
from study.planning.starter import Starter, epochs_within, flow, study_name
from study.spec.reading import read_spec
from study.spec.yaml_reader import parse

pytestmark = pytest.mark.usefixtures("short_sounds")

HOSTILE = ['it\'s a "test"', "a: b # c", "[x], {y}", "- list", "yes", "ünïcode 😀", "null", "~"]


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """Run in an empty folder, on a machine on which everything takes a minute."""
    monkeypatch.setenv("GCE_STUDY_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("study.planning.check.estimate_s", lambda *_: 60.0)
    monkeypatch.setattr(starter.shutil, "which", lambda _: None)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


@pytest.fixture
def sounds(make_wav):
    """A function that writes sounds of different content at paths of a folder."""

    def write(root, *paths, rate=44_100):
        for seed, path in enumerate(paths):
            make_wav(root / path, samples=rate * 2, rate=rate, seed=seed)
        return root

    return write


CLASSES = [f"{name}/{i}.wav" for name in ("dog", "cat") for i in range(20)]


def listed(paths, header="path,label,split", rest=""):
    rows = [f"{path},{path.split('/')[0]},{'test' if i % 4 == 0 else 'train'}{rest}" for i, path in enumerate(paths)]
    return "\n".join([header, *rows]) + "\n"


def folder(root, sounds):
    return sounds(root / "set", *CLASSES)


def split_folder(root, sounds):
    return sounds(root / "set", *(f"{split}/{path}" for split in ("train", "test") for path in CLASSES))


def csv_of_unverified(root, sounds):
    path = sounds(root / "set", *CLASSES) / "clips.csv"
    path.write_text(listed(CLASSES))
    return path


def csv_of_verified(root, sounds):
    path = sounds(root / "set", *CLASSES) / "clips.csv"
    path.write_text(listed(CLASSES, "path,label,split,verified", ",1"))
    return path


def audio_folder(root, sounds):
    made = sounds(root / "set", *CLASSES)
    (made / "metadata.csv").write_text(listed(CLASSES, "file_name,label,split"))
    return made


def fsdnoisy18k(root, sounds):
    made = root / "FSDnoisy18k"
    names = [f"{i}.wav" for i in range(60)]
    sounds(made / "FSDnoisy18k.audio_train", *names)
    sounds(made / "FSDnoisy18k.audio_test", *(f"1{name}" for name in names[:10]))
    (made / "FSDnoisy18k.meta").mkdir()
    rows = [f"{name},{'Rain' if i % 2 else 'Fire'},/m/1,{int(i % 4 < 2)},0" for i, name in enumerate(names)]
    header = "fname,label,aso_id,manually_verified,noisy_small"
    (made / "FSDnoisy18k.meta" / "train.csv").write_text("\n".join([header, *rows]) + "\n")
    rows = [f"1{name},{'Rain' if i % 2 else 'Fire'},/m/1" for i, name in enumerate(names[:10])]
    (made / "FSDnoisy18k.meta" / "test.csv").write_text("\n".join(["fname,label,aso_id", *rows]) + "\n")
    return made


def esc50(root, sounds):
    names = [f"{fold}-{i}-A-{i % 2}.wav" for fold in range(1, 6) for i in range(8)]
    sounds(root / "ESC-50-master" / "audio", *names)
    rows = [f"{n},{n[0]},{n[-5]},{('dog', 'rain')[int(n[-5])]},True,{i},A" for i, n in enumerate(names)]
    (root / "ESC-50-master" / "meta").mkdir()
    header = "filename,fold,target,category,esc10,src_file,take"
    (root / "ESC-50-master" / "meta" / "esc50.csv").write_text("\n".join([header, *rows]) + "\n")
    return root / "ESC-50-master"


KINDS = {
    "a folder per class": (folder, "folder"),
    "a folder with train and test": (split_folder, "folder"),
    "a csv of unverified clips": (csv_of_unverified, "csv"),
    "a csv of verified clips": (csv_of_verified, "csv"),
    "an AudioFolder": (audio_folder, "folder"),
    "FSDnoisy18k": (fsdnoisy18k, "fsdnoisy18k"),
    "ESC-50": (esc50, "esc50"),
}


@pytest.mark.parametrize("case", KINDS)
def test_check_accepts_what_is_written_for(case, tmp_path, place, sounds, capsys):
    make, kind = KINDS[case]
    assert main(["init", str(make(tmp_path, sounds))]) == 0
    written, check, run = capsys.readouterr().out.splitlines()
    (file,) = place.glob("*.yaml")
    assert written == f"{file.name}: written"
    assert (check, run) == (f"next: gce-study check {file.name}", f"then: gce-study run {file.name}")
    spec = read_spec(file)
    assert spec.dataset.kind == kind
    assert [arm.name for arm in spec.open_arms] == ["cce", "gce", "adaptive"]
    assert main(["check", file.name]) == 0
    assert "25 runs named (5 seeds)" in capsys.readouterr().out
    assert not (place / "results" / "studies").exists()


def test_without_data_the_study_is_on_synthetic_sounds(place):
    assert main(["init"]) == 0
    assert read_spec(place / "synthetic.yaml").dataset.kind == "synthetic"


def test_the_comments_state_what_was_seen(tmp_path, place, sounds):
    assert main(["init", str(csv_of_unverified(tmp_path, sounds))]) == 0
    text = (place / "clips.yaml").read_text()
    assert "# 2 classes, 30 training clips, 10 test clips.\n" in text
    assert "# 80 s of sound; clips of 2.0 s.\n" in text
    assert "# None of the 30 training labels verified by a person.\n" in text


def test_a_low_rate_becomes_that_of_the_features_with_windows_as_long(tmp_path, place, sounds):
    assert main(["init", str(sounds(tmp_path / "low", *CLASSES, rate=16_000))]) == 0
    features = read_spec(place / "low.yaml").features.log_mel
    assert (features.sample_rate, features.window, features.hop) == (16_000, 640, 320)


def test_a_rate_that_the_file_sets_is_no_pitfall_in_its_comments(tmp_path, place, sounds):
    assert main(["init", str(sounds(tmp_path / "low", *CLASSES, rate=16_000))]) == 0
    assert "Hz" not in (place / "low.yaml").read_text()


def test_a_folder_without_classes_names_the_list_that_it_holds(tmp_path, sounds, capsys):
    made = sounds(tmp_path / "my set", *(f"audio/{i}.wav" for i in range(8)))
    (made / "clips.csv").write_text(listed(CLASSES))
    assert main(["init", str(made)]) == 2
    assert f"if clips.csv lists the clips: gce-study init '{made}/clips.csv'" in capsys.readouterr().err


def test_a_file_that_exists_is_refused_before_the_data_are_read(tmp_path, place, capsys):
    (tmp_path / "empty").mkdir()
    (place / "empty.yaml").write_text("mine")
    assert main(["init", str(tmp_path / "empty")]) == 2
    assert "already exists" in capsys.readouterr().err


def test_a_file_that_exists_is_replaced_only_by_force(place, capsys):
    (place / "synthetic.yaml").write_text("mine")
    assert main(["init"]) == 2
    assert "synthetic.yaml: already exists; use --force" in capsys.readouterr().err
    assert (place / "synthetic.yaml").read_text() == "mine"
    assert main(["init", "--force"]) == 0
    assert (place / "synthetic.yaml").read_text().startswith("# A study of three losses")


def test_another_file_can_be_named(place):
    assert main(["init", "--out", "a b.yaml"]) == 0
    assert read_spec(place / "a b.yaml").name == "synthetic"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("nowhere", "'nowhere': no such file or folder"),
        ("synthetc", "(did you mean synthetic?)"),
        ("esc50", "fetch it: gce-study data fetch esc50 ~/data"),
        ("s3://bucket/sounds", "init reads only files on this machine"),
    ],
)
def test_data_that_are_not_there_are_refused(data, words, capsys):
    assert main(["init", data]) == 2
    assert words in capsys.readouterr().err


def test_problems_of_the_data_are_named_and_nothing_is_written(tmp_path, place, sounds, capsys):
    path = csv_of_verified(tmp_path, sounds)
    path.write_text(path.read_text() + "gone.wav,dog,neither,1\n")
    assert main(["init", str(path)]) == 2
    assert "split 'neither' is neither train nor test" in capsys.readouterr().err
    assert list(place.iterdir()) == []


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_of_a_folder_is_quoted(name, tmp_path, place, sounds):
    assert main(["init", str(sounds(tmp_path / name, *CLASSES))]) == 0
    (file,) = place.glob("*.yaml")
    assert read_spec(file).dataset.root == str(tmp_path / name)


@pytest.mark.parametrize("name", ["tab\there", "line\nbreak", "\x7f\x9b"])
def test_a_name_with_control_characters_is_refused_in_one_line(name, tmp_path, place, sounds, capsys):
    assert main(["init", str(sounds(tmp_path / name, *CLASSES))]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert list(place.iterdir()) == []


def test_a_name_that_is_not_unicode_is_refused(tmp_path, sounds, capsys):
    made = sounds(tmp_path / "set", *CLASSES)
    made.rename(tmp_path / "caf\udce9")
    assert main(["init", str(tmp_path / "caf\udce9")]) == 2
    assert "its name is not Unicode" in capsys.readouterr().err


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@given(texts, texts)
def test_whatever_a_path_and_a_comment_hold_the_file_means_the_same(path, comment):
    made = Starter("rain", {"kind": "folder", "root": path}, about=(comment,))
    assert parse(made.text()).data["dataset"] == {"kind": "folder", "root": path}


@given(st.recursive(texts | st.integers(-99, 99) | st.booleans(), lambda x: st.lists(x, max_size=3), max_leaves=4))
def test_values_in_flow_are_read_back(value):
    assert parse(f"a: {flow({'b': value})}\n").data == {"a": {"b": value}}


@given(st.text(max_size=80))
def test_any_name_becomes_one_that_a_study_can_have(text):
    name = study_name(text)
    assert name == study_name(name)
    assert 0 < len(name) <= 64
    assert parse(Starter(name, {"kind": "synthetic"}).text()).data["name"] == name


@pytest.mark.parametrize("name", ["null", "true", "123", "1e5", "0x1f", "1.0"])
def test_a_name_that_yaml_would_take_for_another_value_stays_text(name):
    assert parse(Starter(name, {"kind": "synthetic"}).text()).data["name"] == name


@pytest.mark.parametrize(
    ("seconds", "epochs"), [(None, 160), (60.0, 160), (7200.0, 160), (28_800.0, 40), (30_000.0, 30), (1e7, 20)]
)
def test_the_epochs_fit_the_machine(seconds, epochs):
    assert epochs_within(seconds) == epochs


def test_fewer_epochs_are_written_where_the_default_takes_long(place, monkeypatch):
    monkeypatch.setattr("study.planning.check.estimate_s", lambda *_: 28_800.0)
    assert main(["init"]) == 0
    assert read_spec(place / "synthetic.yaml").training.epochs == 40
    comment = "# The default of 160 epochs would take up to 8 h 0 min on this machine; 40 take 2 h 0 min.\n"
    assert comment in (place / "synthetic.yaml").read_text()
