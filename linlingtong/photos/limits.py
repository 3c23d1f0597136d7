from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler, StopUpload

from linlingtong.photos.actions.inspecting import LARGEST_BYTES
from linlingtong.photos.models import MOST

# Nine photos and a form around them.
LARGEST_CALL = MOST * LARGEST_BYTES + 1024 * 1024


class WholeCall(FileUploadHandler):
    """Ends a call that carries more than any form of ours could: by what it says, and by what really comes."""

    def __init__(self, request: Any = None) -> None:
        super().__init__(request)
        self.seen = 0

    def handle_raw_input(
        self,
        input_data: Any,  # noqa: ARG002 - Django's signature
        META: dict[str, str],  # noqa: ARG002, N803 - the same
        content_length: int,
        boundary: Any,  # noqa: ARG002 - the same
        encoding: str | None = None,  # noqa: ARG002 - the same
    ) -> None:
        if content_length > LARGEST_CALL:
            raise RequestDataTooBig("photos")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:  # noqa: ARG002 - Django's signature
        self.seen += len(raw_data)
        if self.seen > LARGEST_CALL:
            raise StopUpload(connection_reset=True)
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """The next handler keeps the file."""
