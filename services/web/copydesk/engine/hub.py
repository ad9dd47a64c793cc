"""The Hugging Face hub: what a repository holds, and fetching one file, going on where an earlier attempt broke off."""

import hashlib
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from copydesk.engine.errors import ModelPullError

PAGE = "https://huggingface.co/{}"
_PART = ".part"
_UNREACHABLE = (
    "The Hugging Face hub can't be reached from here, so {name} was not fetched. Copy a model's folder into the models "
    "folder by hand, or try again with a network (HTTPS_PROXY and HF_ENDPOINT are looked at)."
)


class HubUnreachable(ModelPullError):
    """The Hugging Face hub can't be reached from here, or the line broke off."""


@dataclass(frozen=True)
class HubFile:
    """A file as the hub describes it."""

    name: str
    size: int
    sha256: str = ""  # of large files, kept apart from git
    blob: str = ""  # of the others: git's hash

    @property
    def part(self) -> str:
        """What it is called until all of it is there; another version has another name."""
        return f"{self.name}.{(self.sha256 or self.blob or str(self.size))[:16]}{_PART}"

    def is_whole(self, path: Path) -> bool:
        """Does what lies there hash to what the hub says?"""
        if not path.is_file() or path.stat().st_size != self.size:
            return False
        total = hashlib.sha256() if self.sha256 else hashlib.sha1(usedforsecurity=False)
        if not self.sha256:
            total.update(b"blob %d\0" % self.size)
        with path.open("rb") as opened:
            while piece := opened.read(1 << 20):
                total.update(piece)
        expected = self.sha256 or self.blob
        return not expected or total.hexdigest() == expected


@dataclass(frozen=True)
class Listing:
    """One revision of a repository."""

    repository: str
    revision: str
    files: Sequence[HubFile]
    licence: str = ""
    trained_on: str = ""

    def file(self, name: str) -> HubFile | None:
        return next((file for file in self.files if file.name == name), None)


def look_up(repository: str, endpoint: str | None = None) -> Listing:
    """What the hub has of `repository`.

    Raises:
        ModelPullError: there is no such model, or the hub can't be reached.
    """
    from huggingface_hub import HfApi

    with _plain_errors(repository):
        about = HfApi(endpoint=endpoint).model_info(repository, files_metadata=True, timeout=20)
    card = about.card_data
    datasets = getattr(card, "datasets", None) or ()
    return Listing(
        repository=repository,
        revision=str(about.sha or "main"),
        files=[_file(each) for each in about.siblings or ()],
        licence=str(getattr(card, "license", None) or ""),
        trained_on=", ".join([datasets] if isinstance(datasets, str) else map(str, datasets)),
    )


def fetch(
    listing: Listing, file: HubFile, folder: Path, told: Callable[[int], None], endpoint: str | None = None
) -> None:
    """Put `file` into `folder`, checked. What an earlier attempt left of it is not asked for again.

    `told`: hears of every piece, in bytes.

    Raises:
        HubUnreachable: the line broke off; what came stays in `folder` for the next attempt.
        ModelPullError: it arrived damaged.
    """
    whole, part = folder / file.name, folder / file.part
    if file.is_whole(whole):
        return
    whole.unlink(missing_ok=True)
    for _ in range(2):  # a second time from the beginning, if what was there before was no good
        went_on = part.is_file() and part.stat().st_size > 0
        _download(listing, file, part, told, endpoint)
        if file.is_whole(part):
            part.replace(whole)
            return
        part.unlink()
        if not went_on:
            break
    raise ModelPullError(
        f"{file.name} of {listing.repository} arrived damaged: its checksum is not the hub's. Nothing was changed."
    )


def missing(file: HubFile, folder: Path) -> int:
    """How many bytes of it have still to come."""
    if (folder / file.name).is_file():
        return 0
    part = folder / file.part
    return max(0, file.size - (part.stat().st_size if part.is_file() else 0))


def _file(sibling: Any) -> HubFile:
    lfs = sibling.lfs
    return HubFile(
        name=sibling.rfilename,
        size=int((lfs.size if lfs else sibling.size) or 0),
        sha256=lfs.sha256 if lfs else "",
        blob="" if lfs else sibling.blob_id or "",
    )


def _download(listing: Listing, file: HubFile, part: Path, told: Callable[[int], None], endpoint: str | None) -> None:
    from huggingface_hub import hf_hub_url
    from huggingface_hub.file_download import http_get
    from huggingface_hub.utils import build_hf_headers, disable_progress_bars  # type: ignore[attr-defined]

    disable_progress_bars("huggingface_hub.http_get")
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)  # what it warns of becomes our message
    url = hf_hub_url(listing.repository, file.name, revision=listing.revision, endpoint=endpoint)
    # Compressed on the way, a file can't be gone on with in the middle.
    headers = {**build_hf_headers(), "Accept-Encoding": "identity"}
    part.touch()
    with part.open("r+b") as opened, _plain_errors(listing.repository):
        came = opened.seek(0, 2)
        if came > file.size:
            came = opened.seek(0)
            opened.truncate()
        counted = cast(BinaryIO, _Counted(opened, told))
        http_get(url, counted, resume_size=came, headers=headers, expected_size=file.size)


class _Counted:
    """A file that tells how much is written into it."""

    def __init__(self, file: BinaryIO, told: Callable[[int], None]) -> None:
        self._file = file
        self._told = told

    def write(self, piece: bytes) -> int:
        self._told(len(piece))
        return self._file.write(piece)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


@contextmanager
def _plain_errors(repository: str) -> Iterator[None]:
    """Tell no network, no such model and no room apart; the libraries below raise errors of four families."""
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        OfflineModeIsEnabled,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    try:
        yield
    except GatedRepoError as error:
        raise ModelPullError(f"{repository} is given out on request only; HF_TOKEN says who asks.") from error
    except (RepositoryNotFoundError, RevisionNotFoundError) as error:
        raise ModelPullError(f"The hub has no public model {repository}.") from error
    except (OfflineModeIsEnabled, HfHubHTTPError, ConnectionError, TimeoutError) as error:
        raise HubUnreachable(_UNREACHABLE.format(name=repository)) from error
    except OSError as error:
        if error.errno is not None:  # the disk's
            raise
        raise HubUnreachable(_UNREACHABLE.format(name=repository)) from error  # it ended too early
    except Exception as error:
        if not any(kind.__name__ in ("TransportError", "HTTPError") for kind in type(error).__mro__):  # httpx, httpx2
            raise
        raise HubUnreachable(_UNREACHABLE.format(name=repository)) from error
