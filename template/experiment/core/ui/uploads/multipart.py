"""A form with a file, read as it comes: the file goes to the disk, whatever its size.

Template's file: updates replace it. Starlette's own reader would keep it in the system's folder for
temporary files first, which may be memory.
"""

from collections.abc import AsyncIterator
from typing import BinaryIO

from anyio.to_thread import run_sync
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.exceptions import HTTPException

FIELD, FIELDS = 10_000, 20  # bytes of a field that is no file, and how many
BATCH = 2**20  # bytes that are written at a time


class FormWithFile:
    """Takes a form apart.

    Args:
        content_type: The request's.
        file: What the bytes of its one file are written to.

    Attributes:
        fields: The other fields, by name.
        filename: What the browser calls the file; None when there was none.

    Raises:
        HTTPException: It is no such form.
    """

    def __init__(self, content_type: str, file: BinaryIO) -> None:
        kind, options = parse_options_header(content_type)
        if kind != b"multipart/form-data" or not options.get(b"boundary"):
            raise HTTPException(400, "That is no form with a file.")
        self.file = file
        self.fields: dict[str, str] = {}
        self.filename: str | None = None
        self.is_complete = False
        self._batch = bytearray()
        self._header = self._value = b""
        self._disposition = b""
        self._field, self._content = "", bytearray()
        self._is_file = False
        try:
            self._parser = MultipartParser(
                options[b"boundary"],
                {
                    "on_part_begin": self._begin_part,
                    "on_header_field": self._add_header,
                    "on_header_value": self._add_value,
                    "on_header_end": self._end_header,
                    "on_headers_finished": self._end_headers,
                    "on_part_data": self._add_data,
                    "on_part_end": self._end_part,
                    "on_end": self._end,
                },
            )
        except FormParserError:
            raise HTTPException(400, "That is no form with a file.") from None

    async def read(self, stream: AsyncIterator[bytes]) -> None:
        """Read all of it.

        Raises:
            HTTPException: It is damaged, or has two files, or too many fields.
            OSError: The disk's.
        """
        async for part in stream:
            try:
                self._parser.write(part)
            except FormParserError:
                raise HTTPException(400, "That form is damaged.") from None
            if len(self._batch) >= BATCH:
                await self._write()
        await self._write()
        if not self.is_complete:
            raise HTTPException(400, "That form has ended too early.")

    async def _write(self) -> None:
        batch, self._batch = self._batch, bytearray()
        await run_sync(self.file.write, batch)

    def _begin_part(self) -> None:
        self._header = self._value = self._disposition = b""
        self._content.clear()

    def _add_header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _add_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = self._value
        self._header = self._value = b""

    def _end_headers(self) -> None:
        _, options = parse_options_header(self._disposition)
        self._field = options.get(b"name", b"").decode("utf-8", "replace")
        self._is_file = b"filename" in options
        if self._is_file:
            if self.filename is not None:
                raise HTTPException(400, "Send one file at a time.")
            self.filename = options[b"filename"].decode("utf-8", "replace")
        elif not self._field or self._field in self.fields or len(self.fields) >= FIELDS:
            raise HTTPException(400, "That form has a field twice, or too many.")

    def _add_data(self, data: bytes, start: int, end: int) -> None:
        if self._is_file:
            self._batch += data[start:end]
        elif len(self._content) + end - start > FIELD:
            raise HTTPException(413, f"A field of that form is longer than {FIELD} bytes.")
        else:
            self._content += data[start:end]

    def _end_part(self) -> None:
        if not self._is_file:
            self.fields[self._field] = self._content.decode("utf-8", "replace")

    def _end(self) -> None:
        self.is_complete = True
