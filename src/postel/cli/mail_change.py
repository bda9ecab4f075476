"""``postel mail move|copy|flag|delete``: messages change their place or their flags."""

from __future__ import annotations

import click

from ..errors import UsageError
from ..wire.text import display
from .mail_posts import dry_option, post_at, said_would, where_argument
from .options import Settings, client_options, output_options
from .render import print_json

__all__ = ["copy", "delete", "flag", "move"]


@click.command("move")
@where_argument
@click.argument("keys", nargs=-1, required=True, metavar="KEY...")
@click.option("--to", "target", required=True, metavar="FOLDER",
              help="Where to: a folder's name, or its role: trash, archive, junk.")
@click.option("--make", is_flag=True, help="Make the folder if it is not there.")
@dry_option
@output_options
@client_options
def move(where: str, keys: tuple[str, ...], settings: Settings, target: str, make: bool,
         dry_run: bool, as_json: bool) -> None:
    """Move messages into another folder of the same account.

    KEY is what list shows first; also 12:15, several with commas, last, last:5, all.
    """
    _carry("move", where, keys, settings, target, make, dry_run, as_json)


@click.command("copy")
@where_argument
@click.argument("keys", nargs=-1, required=True, metavar="KEY...")
@click.option("--to", "target", required=True, metavar="FOLDER",
              help="Where to: a folder's name, or its role: archive, sent.")
@click.option("--make", is_flag=True, help="Make the folder if it is not there.")
@dry_option
@output_options
@client_options
def copy(where: str, keys: tuple[str, ...], settings: Settings, target: str, make: bool,
         dry_run: bool, as_json: bool) -> None:
    """Copy messages into another folder of the same account.

    KEY is what list shows first; also 12:15, several with commas, last, last:5, all.
    """
    _carry("copy", where, keys, settings, target, make, dry_run, as_json)


def _carry(verb: str, where: str, keys: tuple[str, ...], settings: Settings, target: str,
           make: bool, dry_run: bool, as_json: bool) -> None:
    from ..errors import NotFound

    with post_at(where, settings) as post:
        chosen = post.keys("", keys)
        try:
            goal = post.full_name(target)
        except NotFound:
            if not make:
                raise
            goal = target
            if not dry_run:
                post.make(target)
                goal = post.full_name(target)
        if dry_run:
            said_would(verb, chosen, as_json=as_json, to=goal)
            return
        if verb == "move":
            post.move("", chosen, goal)
        else:
            post.copy("", chosen, goal)
    done = {"move": "moved", "copy": "copied"}[verb]
    if as_json:
        print_json({done: chosen, "to": goal})
    else:
        settings.say(f"{len(chosen)} {done} to {display(goal)}")


@click.command("flag")
@where_argument
@click.argument("keys", nargs=-1, required=True, metavar="KEY...")
@click.option("--add", multiple=True, metavar="FLAG",
              help="seen, answered, flagged, draft, deleted, forwarded, or a word of yours; "
                   "may be given again.")
@click.option("--remove", multiple=True, metavar="FLAG", help="Take it away; may be given again.")
@dry_option
@output_options
@client_options
def flag(where: str, keys: tuple[str, ...], settings: Settings, add: tuple[str, ...],
         remove: tuple[str, ...], dry_run: bool, as_json: bool) -> None:
    """Change the flags of messages.

    KEY is what list shows first; also 12:15, several with commas, last, last:5, all.
    """
    if not (add or remove):
        raise UsageError("flag: which?", hint="--add seen, --remove flagged")
    with post_at(where, settings) as post:
        chosen = post.keys("", keys)
        if dry_run:
            said_would("flag", chosen, as_json=as_json, add=" ".join(add),
                       remove=" ".join(remove))
            return
        post.flag("", chosen, add=add, remove=remove)
    if as_json:
        print_json({"flagged": chosen, "add": list(add), "remove": list(remove)})
    else:
        settings.say(f"{len(chosen)} changed")


@click.command("delete")
@where_argument
@click.argument("keys", nargs=-1, required=True, metavar="KEY...")
@click.option("--forever", is_flag=True, help="For good, and not into the trash.")
@dry_option
@output_options
@client_options
def delete(where: str, keys: tuple[str, ...], settings: Settings, forever: bool, dry_run: bool,
           as_json: bool) -> None:
    """Delete messages: into the trash; from there, and where there is none, for good.

    KEY is what list shows first; also 12:15, several with commas, last, last:5, all.
    """
    with post_at(where, settings) as post:
        chosen = post.keys("", keys)
        if dry_run:
            said_would("delete", chosen, as_json=as_json)
            return
        trash = post.delete("", chosen, forever=forever)
    if as_json:
        print_json({"deleted": chosen, "to": trash or None})
    else:
        settings.say(f"{len(chosen)} {f'moved to {display(trash)}' if trash else 'deleted'}")
