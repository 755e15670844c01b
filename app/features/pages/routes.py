"""The page at `/`: what runs here, and where to go next."""

from flask import Blueprint, render_template

from app.core.web.access import public

bp = Blueprint("pages", __name__, template_folder="templates")


@bp.get("/")
@public
def show_home() -> str:
    """Show what runs here."""
    return render_template("pages/home.html")
