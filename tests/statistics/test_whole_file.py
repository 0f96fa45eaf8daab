import os
from pathlib import Path

import pytest

from sklearn_lossacc.statistics.whole_file import whole_file


def test_a_file_appears_when_it_is_complete(tmp_path):
    target = tmp_path / "a.npz"
    target.write_text("old")
    with whole_file(str(target)) as draft:
        draft.write_text("new")
        assert draft.suffix == ".npz"
        assert target.read_text() == "old"
    assert target.read_text() == "new"
    assert os.listdir(tmp_path) == ["a.npz"]


@pytest.mark.parametrize("interruption", [RuntimeError, KeyboardInterrupt])
def test_a_failure_leaves_nothing(tmp_path, interruption):
    def write_half():
        with whole_file(tmp_path / "a.txt") as draft:
            draft.write_text("half")
            raise interruption

    with pytest.raises(interruption):
        write_half()
    assert not os.listdir(tmp_path)


def test_the_longest_names_are_taken(tmp_path):
    target = tmp_path / f"{'a' * 251}.txt"
    with whole_file(target) as draft:
        draft.write_text("text")
    assert target.read_text() == "text"


def test_places_that_are_none_are_named(tmp_path):
    with pytest.raises(IsADirectoryError, match="is a folder, not a file"), whole_file(tmp_path):
        pass
    with pytest.raises(FileNotFoundError, match="no such folder"), whole_file(tmp_path / "no" / "a.txt"):
        pass


def test_an_error_names_the_file_that_was_asked_for(tmp_path):
    with pytest.raises(FileNotFoundError) as caught, whole_file(tmp_path / "a.txt"):
        pass  # nothing was written
    assert caught.value.filename == str(tmp_path / "a.txt")
    with pytest.raises(FileNotFoundError) as caught, whole_file(tmp_path / "a.txt"):
        Path(tmp_path, "other.txt").read_text()
    assert caught.value.filename == str(tmp_path / "other.txt")
