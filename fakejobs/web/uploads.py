"""What was uploaded, for whoever looks from outside: a part of the admin API, not of the Hub."""

from __future__ import annotations

from base64 import b64encode

from flask import Blueprint, Response, request

from fakejobs.model.repositories import MAIN
from fakejobs.web.answers import error_answer
from fakejobs.web.context import hub, json_answer

uploads = Blueprint("uploads", __name__)


@uploads.get("/_fakejobs/uploads")
def uploaded() -> Response:
    """The files of a bucket, or in a folder of it, or one file of a dataset repository: base64, by path."""
    arguments = request.args
    if bucket := arguments.get("bucket"):
        files = hub().uploaded_in_bucket(bucket, arguments.get("folder", ""))
    elif (dataset := arguments.get("dataset")) and (path := arguments.get("path")):
        data = hub().uploaded_in_dataset(dataset, path, arguments.get("revision", MAIN))
        files = {} if data is None else {path: data}
    else:
        return error_answer(
            400, "say which: ?bucket=ada/data&folder=..., or ?dataset=ada/data&path=train.py&revision=main"
        )
    return json_answer({"files": {path: b64encode(data).decode() for path, data in files.items()}})
