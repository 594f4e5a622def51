"""One training step, traced: which module is called with what, and what happens between modules.

Template's file: updates replace it. Modules are seen by ``nn.Module.__call__``, which those that
are made during the step, called several times or given dicts go through as well; operations by a
torch function mode. What a backward pass calls again (checkpointing) is no call of its own.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils.weak import WeakIdKeyDictionary
from torchmetrics import Metric

from .made_at import made_at
from .node import BATCH, Node
from .outputs import Outputs
from .source_lines import current_line
from .tensors import tensors_in

MOST = 20_000  # nodes; of what follows only the shapes are lost, nothing else
BACKWARD = (Tensor.backward, torch.autograd.backward, torch.autograd.grad)
OF_TENSOR = ("grad", "data", "shape", "device", "dtype", "requires_grad")  # attributes, not work
Watch = Callable[[nn.Module, Node, tuple[Any, ...], dict[str, Any], Any], None]


class Trace(TorchFunctionMode):
    """Sees a step, from ``open`` on.

    Args:
        root: The LightningModule, by whose names modules are called.
        watch: Is told each call of a module that returned, with what came and left.
    """

    def __init__(self, root: nn.Module, watch: Watch | None = None) -> None:
        super().__init__()
        self.root = Node(-1, "", type(root).__name__)
        self.owner, self.watch = root, watch
        self.names = {id(module): name for name, module in root.named_modules()}
        self.modules: dict[int, nn.Module] = {}  # by the number of its call
        self.outputs = Outputs()
        self.stack = [self.root]
        self.count = self.left_out = 0
        self.quiet = 0  # above 0: in a backward pass, an optimizer, a metric
        self._sources: Any = WeakIdKeyDictionary()

    def begin(self, batch: Any) -> None:
        """Know the batch's tensors as the beginning of everything."""
        for tensor in tensors_in(batch):
            self._sources[tensor] = BATCH

    @contextmanager
    def watching(self) -> Iterator["Trace"]:
        """Meanwhile."""
        plain = nn.Module.__call__

        def seen(module: nn.Module, *args: Any, **kwargs: Any) -> Any:
            if self.quiet or isinstance(module, torch.jit.ScriptModule):
                return plain(module, *args, **kwargs)
            return self._call(module, plain, args, kwargs)

        nn.Module.__call__ = seen
        try:
            with self:
                yield self
        finally:
            nn.Module.__call__ = plain

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Look away meanwhile."""
        self.quiet += 1
        try:
            yield
        finally:
            self.quiet -= 1

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        if self.quiet:
            return func(*args, **kwargs)
        if func in BACKWARD:
            with self.aside():
                return func(*args, **kwargs)
        try:
            result = func(*args, **kwargs)
        except Exception:
            self._operation(func, args, kwargs, None, failed=True)
            raise
        self._operation(func, args, kwargs, result)
        return result

    # --- modules ---------------------------------------------------------------------------------

    def _call(self, module: nn.Module, plain: Any, args: Any, kwargs: Any) -> Any:
        if isinstance(module, Metric):
            with self.aside():
                return plain(module, *args, **kwargs)
        node = self._new(self._name(module), type(module).__name__, (args, kwargs))
        node.made = made_at(module)
        came = list(tensors_in((args, kwargs)))
        before = [self._sources.get(tensor) for tensor in came]
        for tensor in came:
            self._sources[tensor] = node.number
        self.modules[node.number] = module
        self.stack.append(node)
        try:
            result = plain(module, *args, **kwargs)
        except BaseException:
            node.failed = True
            raise
        finally:
            self.stack.pop()
            for tensor, source in zip(came, before, strict=True):
                if source is None:
                    self._sources.pop(tensor, None)
                else:
                    self._sources[tensor] = source
        self._leave(node, module, result)
        if self.watch is not None:
            with self.aside():
                self.watch(module, node, args, kwargs, result)
        return result

    def _name(self, module: nn.Module) -> str:
        """Its path; of one that was made during the step, that it was."""
        if id(module) not in self.names:
            names = {id(one): name for name, one in self.owner.named_modules()}
            self.names = names | self.names
        return self.names.setdefault(id(module), "made in the step")

    def _leave(self, node: Node, module: nn.Module | None, result: Any) -> None:
        left = list(tensors_in(result))
        node.outputs = [tuple(tensor.shape) for tensor in left]
        for tensor in left:
            self._sources[tensor] = node.number
        if left:
            with self.aside():
                node.scale = self.outputs.look(node, module, left[0])

    # --- operations ------------------------------------------------------------------------------

    def _operation(
        self, func: Any, args: Any, kwargs: Any, result: Any, failed: bool = False
    ) -> None:
        name = _name_of(func)
        left = list(tensors_in(result))
        if name in OF_TENSOR or not (left or failed) or self._is_hidden():
            self._inherit(left, (args, kwargs))
            self.outputs.of_operation(self.stack[-1], func, args, kwargs, result)
            return
        node = self._new(name, "", (args, kwargs))
        node.failed = failed
        self._leave(node, None, result)
        self.outputs.of_operation(node, func, args, kwargs, result)

    def _is_hidden(self) -> bool:
        """Whether it is the work of one of torch's own layers, which stands for it."""
        module = self.modules.get(self.stack[-1].number)
        return module is not None and type(module).__module__.startswith("torch.nn.")

    def _inherit(self, left: list[Tensor], came: Any) -> None:
        """Let what is no node of its own go on as what it is made of."""
        found = [self._sources[one] for one in tensors_in(came) if one in self._sources]
        for tensor in left if found else ():
            self._sources.setdefault(tensor, found[0])

    def _new(self, name: str, kind: str, came: Any) -> Node:
        self.count += 1
        node = Node(self.count, name, kind, current_line())
        tensors = [t for t in tensors_in(came) if not isinstance(t, nn.Parameter)]
        node.inputs = [tuple(tensor.shape) for tensor in tensors]
        sources = (self._sources.get(tensor) for tensor in tensors)
        node.sources = list(dict.fromkeys(one for one in sources if one is not None))
        if self.count <= MOST:
            self.stack[-1].inside.append(node)
        else:
            self.left_out += 1
        return node


def _name_of(func: Any) -> str:
    name = getattr(func, "__name__", type(func).__name__)
    if name == "__get__":
        return getattr(getattr(func, "__self__", None), "__name__", name)
    return name.strip("_").removesuffix("_")
