"""How a scorer takes part in scikit-learn's metadata routing."""

from __future__ import annotations

from typing import TypeVar

from sklearn import get_config
from sklearn.utils.metadata_routing import MetadataRequest

__all__ = ["ScoreRequest"]

Self = TypeVar("Self", bound="ScoreRequest")


class ScoreRequest:
    """What every scorer tells scikit-learn about `sample_weight`."""

    def __init__(self) -> None:
        self._requests: dict[str, bool | str | None] = {"sample_weight": None}

    def _accept_sample_weight(self) -> bool:
        """Tell the searches of scikit-learn that weights are welcome."""
        return True

    def set_score_request(self: Self, *, sample_weight: bool | str | None = None) -> Self:
        """Say which metadata this scorer wants, for metadata routing.

        Parameters
        ----------
        sample_weight : bool, str or None
            True: pass it. False: do not. None: raise if it is given. A string: pass the metadata of that name.

        Returns
        -------
        self
            This scorer.

        Raises
        ------
        RuntimeError
            If metadata routing is not enabled.
        """
        if not get_config()["enable_metadata_routing"]:
            raise RuntimeError(
                "set_score_request needs metadata routing: sklearn.set_config(enable_metadata_routing=True)."
            )
        self._requests = {"sample_weight": sample_weight}
        return self

    def get_metadata_routing(self) -> MetadataRequest:
        """Return which metadata this scorer wants.

        Returns
        -------
        MetadataRequest
            For `sample_weight`.
        """
        request = MetadataRequest(owner=self)
        for parameter, alias in self._requests.items():
            request.score.add_request(param=parameter, alias=alias)
        return request
