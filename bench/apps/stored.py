"""Bare Flask that reads the notes by raw psycopg, over one connection that stays open: no pool, no model, no check."""

import os
from typing import Any

import psycopg
from flask import Flask, Response, jsonify, request
from psycopg.rows import DictRow, dict_row

app = Flask(__name__)
app.config["SECRET_KEY"] = "stored" * 16
connection = psycopg.connect(os.environ["BENCH_DATABASE"], autocommit=True, row_factory=dict_row)


@app.get("/v1/notes/<int:note_id>")
def read_note(note_id: int) -> Response | tuple[Response, int]:
    """Answer with a row by its primary key."""
    row = connection.execute("SELECT * FROM notes WHERE id = %s", [note_id]).fetchone()
    return jsonify(_fields(row)) if row else (jsonify(error="not found"), 404)


@app.get("/v1/notes")
def list_notes() -> Response:
    """Answer with a page, newest first, and the cursor of the next."""
    limit, cursor = int(request.args["limit"]), int(request.args["cursor"])
    rows = connection.execute(
        "SELECT * FROM notes WHERE id < %s ORDER BY id DESC LIMIT %s", [cursor, limit + 1]
    ).fetchall()
    items = [_fields(row) for row in rows[:limit]]
    return jsonify(items=items, next_cursor=str(items[-1]["id"]) if len(rows) > limit else None)


def _fields(row: DictRow) -> dict[str, Any]:
    return row | {name: row[name].isoformat() for name in ("created_at", "updated_at")}
