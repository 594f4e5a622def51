"""Weights that torchvision publishes, in a network that has other classes.

Template's file: updates replace it.
"""

from typing import Any
from urllib.error import URLError

from torch import nn
from torchvision.models import get_model_weights

from ..errors import UserError


def load_published(network: nn.Module, name: str) -> None:
    """Take the published weights of a model that fit; what depends on the classes starts anew.

    Args:
        network: Gets them.
        name: What torchvision calls it.

    Raises:
        UserError: They cannot be downloaded.
    """
    weights: Any = get_model_weights(name)
    try:
        published = weights.DEFAULT.get_state_dict(progress=False)
    except (OSError, URLError, RuntimeError) as error:
        raise UserError(
            f"model.pretrained: the weights of {name} cannot be downloaded ({error}): check "
            "the network, or set model.pretrained=false"
        ) from None
    own = network.state_dict()
    fits = {k: v for k, v in published.items() if k in own and v.shape == own[k].shape}
    network.load_state_dict(fits, strict=False)
