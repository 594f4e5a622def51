"""What a step costs: floating-point operations, and bytes that wait for the backward pass.

Template's file: updates replace it. Counted as torch.utils.flop_counter does, by the operators that
really run: matrix products, convolutions, attention, and here recurrent layers as well. What works
element by element costs next to nothing beside them, and is not counted.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

# Of the registry's operators, other libraries' with weights of which nobody knows the cost.
UNKNOWN = ("deform_conv2d", "_fft_c2c", "_fft_r2c", "_fft_c2r", "grid_sampler_2d")
UNKNOWN += ("_native_multi_head_attention", "_transformer_encoder_layer_fwd")  # where it is frozen
RECURRENT = ("mkldnn_rnn_layer", "_cudnn_rnn")


class Flops(TorchDispatchMode):
    """Counts, and tells whose they are.

    Args:
        add: Is told each count.
    """

    def __init__(self, add: Callable[[int], None]) -> None:
        super().__init__()
        self.add = add
        self.total = 0
        self.unknown: set[str] = set()  # operators that are known to cost, and not how much

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Nothing is compiled meanwhile; importing what would be told so takes seconds."""
        return False

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        packet = func._overloadpacket
        name = packet.__name__
        if name == "convolution_backward":
            self._count(_convolution_backward(args))
        elif packet in flop_registry:
            self._count(int(flop_registry[packet](*args, **(kwargs or {}), out_val=result)))
        elif name in RECURRENT:
            self._count(_recurrent(args))
        elif name in UNKNOWN:
            self.unknown.add(name.strip("_"))
        return result

    def _count(self, flops: int) -> None:
        self.total += flops
        self.add(flops)


def _convolution_backward(args: tuple[Any, ...]) -> int:
    """Each gradient that is asked for takes what the forward pass took; torch forgets the groups,
    and counts 96 times as much for the depthwise convolutions of a ConvNeXt.
    """
    gradient, given, weight, transposed, wanted = *args[:3], args[7], args[10]
    # The weight is (out, in / groups, ...), transposed (in, out / groups, ...).
    forward = 2 * (given if transposed else gradient).numel() * weight[0].numel()
    return forward * sum(map(bool, wanted[:2]))


def _recurrent(args: tuple[Any, ...]) -> int:
    """Each weight is multiplied once for each step of each sequence."""
    steps = args[0].shape[0] * args[0].shape[1]  # (time, batch, features), either way round
    weights = args[1] if isinstance(args[1], list | tuple) else args[1:5]
    return sum(2 * weight.numel() * steps for weight in weights if weight.ndim == 2)


class Activations:
    """The bytes that a forward pass keeps for its backward pass, each storage once.

    Args:
        module: Whose parameters and buffers are no activations.
        add: Is told the bytes of each new storage.
    """

    def __init__(self, module: nn.Module, add: Callable[[int], None] | None = None) -> None:
        self.module, self.add = module, add
        self.now = self.most = 0
        self._seen: set[int] = set()

    @contextmanager
    def counted(self, batch: list[Tensor]) -> Iterator[None]:
        """Meanwhile; the batch is there anyway."""
        self._known = {_storage(tensor) for tensor in batch}
        with torch.autograd.graph.saved_tensors_hooks(self._keep, lambda kept: kept):
            yield

    def backward(self) -> None:
        """All is given back."""
        self.now = 0
        self._seen.clear()

    def _keep(self, tensor: Tensor) -> Tensor:
        if tensor.layout != torch.strided:
            return tensor
        place = _storage(tensor)
        if place in self._seen or place in self._known or place in self._weights():
            return tensor
        self._seen.add(place)
        self.now += tensor.untyped_storage().nbytes()
        self.most = max(self.most, self.now)
        return tensor

    def _weights(self) -> set[int]:
        """Looked up when first asked for, again where lazy ones have come since."""
        if not hasattr(self, "_of_module"):
            tensors = [*self.module.parameters(), *self.module.buffers()]
            known = [t for t in tensors if not nn.parameter.is_lazy(t)]
            self._of_module = {_storage(tensor) for tensor in known}
        return self._of_module


def _storage(tensor: Tensor) -> int:
    return tensor.untyped_storage().data_ptr()
