import os
import stat
from pathlib import Path

import pytest

from sklearn_lossacc.report.writing import write_text


def test_an_existing_file_is_replaced_whole(tmp_path):
    path = tmp_path / "page.html"
    path.write_text("a longer text that was there before")
    assert write_text(path, "ä\n") == path
    assert path.read_bytes() == "ä\n".encode()
    assert os.listdir(tmp_path) == ["page.html"]


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "page.html"
    path.write_text("old")

    def refuse(*_):
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(OSError, match="disk full"):
        write_text(path, "new")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["page.html"]


def test_texts_as_paths_are_taken(tmp_path):
    assert write_text(str(tmp_path / "a.txt"), "x") == Path(tmp_path / "a.txt")


@pytest.mark.skipif(os.name == "nt", reason="permissions of POSIX")
def test_others_may_read_what_the_umask_allows(tmp_path):
    before = os.umask(0o022)
    try:
        path = write_text(tmp_path / "a.txt", "x")
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_a_missing_folder_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        write_text(tmp_path / "no" / "a.txt", "x")
