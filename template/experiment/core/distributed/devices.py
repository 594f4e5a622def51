"""How many devices train.

Template's file: updates replace it. Free of torch.
"""

from ..config.run_config import RunConfig


def number_of_devices(config: RunConfig) -> int | None:
    """Over all machines; None where only torch can tell."""
    trainer = config.trainer
    devices = trainer.devices
    if devices == "auto" and trainer.accelerator == "cpu":
        devices = 1
    if isinstance(devices, list):
        return len(devices) * trainer.num_nodes
    if isinstance(devices, str) and "," in devices:
        return len([name for name in devices.split(",") if name.strip()]) * trainer.num_nodes
    if str(devices).isdecimal():
        return int(devices) * trainer.num_nodes
    return None
