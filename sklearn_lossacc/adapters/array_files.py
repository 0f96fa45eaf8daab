"""Arrays from .npy and .npz files: never unpickled, memory-mapped where the file allows it."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from sklearn_lossacc.adapters.file_errors import reason
from sklearn_lossacc.exceptions import InvalidFileError

_LOCAL_HEADER = struct.Struct("<26xHH")  # of a zip member: the lengths of its name and of its extra field


def _objects_error(what: str) -> InvalidFileError:
    """Say why Python objects are refused and what to save instead."""
    return InvalidFileError(
        f"{what} holds Python objects, which would have to be unpickled and are not read; "
        "save numbers with astype(float) and text labels with astype(str) instead"
    )


def _mapped_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> np.ndarray | None:
    """Map an uncompressed member straight from the archive; None where that cannot be done."""
    if info.compress_type != zipfile.ZIP_STORED or archive.filename is None:
        return None
    with open(archive.filename, "rb") as file:
        file.seek(info.header_offset)
        name_length, extra_length = _LOCAL_HEADER.unpack(file.read(_LOCAL_HEADER.size))
        file.seek(name_length + extra_length, 1)
        version = np.lib.format.read_magic(file)
        if version not in ((1, 0), (2, 0)):
            return None
        read_header = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }[version]
        shape, fortran_order, dtype = read_header(file)
        if dtype.hasobject or 0 in shape or shape == ():
            return None
        return np.memmap(
            archive.filename,
            dtype=dtype,
            mode="r",
            offset=file.tell(),
            shape=shape,
            order="F" if fortran_order else "C",
        )


class ArrayArchive(Mapping[str, np.ndarray]):
    """The arrays of an .npz file by name, each read when it is asked for.

    Parameters
    ----------
    path : path-like
        The file, as `numpy.savez` or `numpy.savez_compressed` writes it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with zipfile.ZipFile(path) as archive:
                self._members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
        except (zipfile.BadZipFile, OSError) as error:
            raise InvalidFileError(f"{path} is not a readable .npz file: {reason(error)}") from None

    def __getitem__(self, name: str) -> np.ndarray:
        """Read one array."""
        info = self._members[name]
        try:
            with zipfile.ZipFile(self.path) as archive:
                mapped = _mapped_member(archive, info)
                if mapped is not None:
                    return mapped
                with archive.open(info) as member:
                    return np.lib.format.read_array(member, allow_pickle=False)
        except ValueError as error:
            if "allow_pickle" in str(error):
                raise _objects_error(f"key {name!r} of {self.path}") from None
            raise InvalidFileError(f"key {name!r} of {self.path} is not a readable array: {error}") from None
        except (zipfile.BadZipFile, EOFError, OSError, struct.error) as error:
            raise InvalidFileError(f"key {name!r} of {self.path} is not a readable array: {error}") from None

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names."""
        return iter(self._members)

    def __len__(self) -> int:
        """Count the arrays."""
        return len(self._members)


def read_npy(path: Path) -> Any:
    """Map the array of an .npy file into memory.

    Parameters
    ----------
    path : path-like
        The file, as `numpy.save` writes it.

    Returns
    -------
    ndarray
        The array, memory-mapped read-only.

    Raises
    ------
    InvalidFileError
        If the file is not an array, is cut off, or holds Python objects.
    """
    try:
        with open(path, "rb") as file:
            if file.read(6) != b"\x93NUMPY":
                raise InvalidFileError(f"{path} is not an .npy file")
        return np.load(path, mmap_mode="r", allow_pickle=False)
    except InvalidFileError:
        raise
    except (ValueError, EOFError, OSError) as error:
        if "object" in str(error).lower():
            raise _objects_error(str(path)) from None
        raise InvalidFileError(f"{path} is not a readable .npy file: {reason(error)}") from None
