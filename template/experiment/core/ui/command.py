"""``main.py ui``: serve the page.

Template's file: updates replace it. Trainings are the queue's: this server may end, or be killed,
at any moment.
"""

import sys
from argparse import Namespace
from typing import Any

from ..config.load import load_settings
from ..console import say
from ..errors import UserError
from ..files import PROJECT
from ..loggers.wandb_host import wandb_base_url
from ..queue.start import ensure_dispatcher, has_work
from .access.access import Access, check_password
from .access.guard import Guard
from .access.hosts import Hosts
from .access.listen import make_server, open_socket
from .access.one_time_address import current_addresses
from .access.password import Password, ask_new_password
from .access.wandb_address import wandb_origin
from .app import make_app
from .data_page import UPLOAD
from .site import Site

HOST, PORT = "127.0.0.1", 7860


def run(arguments: Namespace, config_type: type, build: Any) -> int:
    """Serve it until Ctrl-C."""
    if arguments.set_password:
        return _set_password()
    if arguments.address:
        return _print_addresses()
    settings: Any = load_settings(config_type, arguments).config
    host, port = arguments.host or HOST, _port(arguments.port)
    hosts = Hosts(host, port, settings.ui.hosts, secure=settings.ui.https)
    if hosts.is_open:
        say(check_password(PROJECT, host))
    listening = open_socket(host, port)
    access = Access(PROJECT, hosts.url, port)
    site = Site(arguments, config_type, settings.ui)
    guarded = Guard(
        make_app(site),
        access,
        hosts,
        uploads=[UPLOAD],
        max_upload=settings.ui.max_upload_bytes,
        forms_lead_to=wandb_origin(wandb_base_url()),
    )
    if has_work(site.output):
        ensure_dispatcher(site.output)
    _say_address(access)
    try:
        make_server(guarded).run(sockets=[listening])
    finally:
        access.close()
    return 0


def _say_address(access: Access) -> None:
    """Print it for a person; a log keeps none."""
    if sys.stdout.isatty():
        say(f"the page of {PROJECT.name}: {access.address.current}")
        say("the address lets one browser in, once; for another: python main.py ui --address")
    else:
        say(f"the page of {PROJECT.name} is served; its address: python main.py ui --address")


def _set_password() -> int:
    Password(PROJECT).set(ask_new_password())
    say("the password is set; whoever was logged in has to log in again")
    return 0


def _print_addresses() -> int:
    addresses = current_addresses(PROJECT)
    if not addresses:
        raise UserError("no page of this project is served; start it with: python main.py ui")
    for address in addresses:
        say(address)
    return 0


def _port(text: str | None) -> int:
    if text is None:
        return PORT
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise UserError(f"command line: --port {text}: write a number from 1 to 65535")
    return int(text)
