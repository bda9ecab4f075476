"""``postel mail accounts``: the accounts of this machine, found, tried, kept and taken away."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from ..errors import AuthenticationError, NotFound, PostelError, UsageError
from ..secrets import Secret
from ..urls import URL
from ..wire.text import display
from .options import Settings, client_options, location, output_options
from .render import print_json, would

if TYPE_CHECKING:
    from ..mail.accounts import Account
    from ..mail.checking_sync import Tried
    from ..mail.credentials_sync import Credentials
    from ..mail.discovery_types import Found
    from ..mail.keys import Keys
    from ..mail.oauth import DeviceCode

__all__ = ["command", "credentials_for", "keys_for", "passphrase"]

_KINDS = ("imap", "pop3", "smtp")


@click.group("accounts")
def command() -> None:
    """Mail accounts: add, list, test, log in, remove."""


def passphrase(new: bool) -> Secret:
    """The passphrase of the file of keys: from POSTEL_PASSPHRASE, or asked for."""
    if word := os.environ.get("POSTEL_PASSPHRASE"):
        return Secret(word)
    if not sys.stdin.isatty():
        raise AuthenticationError("the passphrase of the keys: nobody can be asked",
                                  hint="set POSTEL_PASSPHRASE")
    text = "A new passphrase for your keys" if new else "The passphrase of your keys"
    return Secret(click.prompt(text, hide_input=True, err=True, type=str,
                               confirmation_prompt=new))


def keys_for(kind: Any) -> Callable[[], Keys]:
    """What opens the keys when they are needed."""
    from ..mail.keys import open_keys

    return lambda: open_keys(kind, passphrase=passphrase)


def credentials_for(account: Account, settings: Settings, kind: Any = "auto") -> Credentials:
    """What an account logs in with; a password that is nowhere is asked for."""
    from ..mail.credentials_sync import Credentials

    def ask(url: URL) -> Secret:
        found = settings.client(url)["password"]  # environment, netrc, keyring, a prompt
        return found() if callable(found) else Secret(str(found))

    made = Credentials(account, keys_for(kind), ask=ask, tls=settings.client(
        URL("imaps", None, None, "localhost", None)).get("tls"))
    if (word := os.environ.get("POSTEL_PASSWORD")) and not account.password_command:
        for url in filter(None, (account.imap, account.pop3, account.smtp)):
            made.assume(url, Secret(word))
    return made


def others(settings: Settings, url: URL) -> dict[str, Any]:
    """What the options say of a client, besides whom it logs in as."""
    given = settings.client(url)
    return {name: value for name, value in given.items() if name not in ("user", "password")}


# -- add -----------------------------------------------------------------------------------------


@command.command("add")
@click.argument("address")
@click.option("--name", metavar="NAME", help="What to call it; else what stands before the @.")
@click.option("--full-name", metavar="NAME", help="Yours, as others see it.")
@click.option("--imap", metavar="URL", help="Where mail is read, instead of what is found.")
@click.option("--pop3", metavar="URL", help="Where mail is fetched, instead of what is found.")
@click.option("--smtp", metavar="URL", help="Where mail is handed in, instead of what is found.")
@click.option("--password-command", metavar="COMMAND",
              help="A command whose first line is the password; nothing is kept then.")
@click.option("--client-id", metavar="ID", help="Log in by OAuth, as this program.")
@click.option("--client-secret-command", metavar="COMMAND",
              help="A command that tells its secret, where the provider wants one.")
@click.option("--device", is_flag=True, help="With OAuth: show a code for another device.")
@click.option("--foreign", is_flag=True,
              help="Take servers outside the domain without asking, on the word of its DNS.")
@click.option("--no-test", is_flag=True, help="Add it without logging in.")
@click.option("--dry-run", is_flag=True, help="Say what would be added, and add nothing.")
@output_options
@client_options
def add(address: str, settings: Settings, as_json: bool, dry_run: bool, **said: Any) -> None:
    """Find the servers of an address, log in, and keep the account.

    Where its servers are is found in a table of providers, in files that the domain publishes by
    HTTPS, in its DNS, or by knocking. The password is asked for (or taken from POSTEL_PASSWORD),
    tried, and kept in the keyring or in an encrypted file.
    """
    from ..mail.accounts_file import add_account, load_accounts, path_of_accounts
    from ..mail.discovery_types import split_address

    address, local, _ = split_address(address)
    name = said["name"] or "".join(c if c.isalnum() or c in "-_." else "-" for c in local)
    known = load_accounts()
    if name in known.accounts:
        raise UsageError(f"add {address}: there is an account {name} already",
                         hint="--name gives it another")
    values = _values(address, settings, as_json, said)
    account = _account(name, values)
    if dry_run:
        _show_account(account, as_json=as_json, dry=True)
        return
    ask = account.password_command is None and not said["no_test"]
    credentials = (_asking if ask else credentials_for)(account, settings, known.keys)
    if not said["no_test"]:
        _log_in(account, credentials, settings, device=said["device"])
    if not said["no_test"]:
        values = _tried(account, values, credentials, settings, as_json)
        account = _account(name, values)
    if account.oauth is None and account.password_command is None and not said["no_test"]:
        for url in filter(None, (account.imap, account.pop3, account.smtp)):
            credentials.keep(url, credentials.secret(url))
    add_account(name, values)
    if as_json:
        _show_account(account, as_json=True)
    else:
        settings.say(f"{name} is in {path_of_accounts()}"
                     + ("" if account.password_command or said["no_test"] else
                        f"; its key is in {credentials.keys.name}"))


def _account(name: str, values: dict[str, Any]) -> Account:
    """The account that such a table would be."""
    from ..mail.accounts import parse_accounts
    from ..mail.accounts_toml import add_table

    return parse_accounts(add_table("", ("accounts", name), values), name).accounts[name]


def _values(address: str, settings: Settings, as_json: bool, said: dict[str, Any],
            ) -> dict[str, Any]:
    """What will stand in the table."""
    given = {kind: str(location(said[kind])) for kind in _KINDS if said[kind]}
    values: dict[str, Any] = {"address": address}
    if said["full_name"]:
        values["name"] = said["full_name"]
    found = None
    if not ("imap" in given or "pop3" in given) or "smtp" not in given:
        found = _find(address, settings, as_json, said, needed=not given)
    for kind in _KINDS:
        service = getattr(found, kind) if found is not None else None
        if kind in given:
            values[kind] = given[kind]
        elif service is not None and not (kind == "pop3" and "imap" in values):
            values[kind] = str(service.url)
    if settings.ca:
        values["ca"] = os.path.abspath(settings.ca)  # noqa: PTH100 - links stay
    if said["password_command"]:
        values["password_command"] = said["password_command"]
    _oauth_values(values, found, said)
    return values


def _oauth_values(values: dict[str, Any], found: Found | None, said: dict[str, Any]) -> None:
    provider = found.provider if found is not None else None
    if said["client_id"]:
        if provider is None or provider.authority is None:
            raise UsageError("--client-id: no provider is known that gives tokens for this address",
                             hint="write an oauth table into the file: docs/accounts.md")
        oauth = values["oauth"] = {"provider": provider.authority.name,
                                   "client_id": said["client_id"]}
        if said["client_secret_command"]:
            oauth["client_secret_command"] = said["client_secret_command"]
    elif provider is not None and provider.auth == ("oauth2",) and not said["password_command"]:
        raise UsageError(f"{provider.title} lets programs in by OAuth alone: --client-id",
                         hint=f"{provider.note}; register a program there, and name its id")


def _find(address: str, settings: Settings, as_json: bool, said: dict[str, Any], *,
          needed: bool) -> Found:
    """The servers; why they were chosen is told on the side."""
    from ..mail.discovery_sync import discover

    tls = others(settings, URL("https", None, None, "localhost", None)).get("tls")
    found = discover(address, foreign=said["foreign"], tls=tls,
                     timeout=min(settings.timeout, 10.0))
    for line in found.explain():
        settings.say(line)
    offered = found.foreign
    if offered is not None and not as_json and sys.stdin.isatty():
        hosts = ", ".join(dict.fromkeys(display(one.host) for one in offered.services))
        if click.confirm(f"Send your password to {hosts}?", err=True):
            found = found.choose(foreign=True)
    if found.chosen is None and needed:
        hint = "--foreign takes what is outside the domain" if offered else next(
            (one.provider.note for one in found.candidates if one.provider), "") or \
            "name them: --imap imaps://HOST/ --smtp smtps://HOST/"
        raise NotFound(f"find the servers of {address}: nothing will do", hint=hint)
    if found.provider is not None and found.provider.note:
        settings.say(f"{found.provider.title}: {found.provider.note}")
    return found


def _log_in(account: Account, credentials: Credentials, settings: Settings, *,
            device: bool) -> None:
    """Get tokens, where the account is by OAuth."""
    if account.oauth is None:
        return
    if device:
        credentials.log_in(show=_show_code)
    else:
        credentials.log_in(visit=_visit)
    settings.say("the provider has said yes")


def _show_code(code: DeviceCode) -> None:
    click.echo(f"Open {display(code.url)} on any device, and enter {display(code.user_code)}",
               err=True)


def _visit(url: str) -> None:
    import webbrowser

    click.echo(f"Say yes in your browser:\n  {display(url)}", err=True)
    webbrowser.open(url)


def _tried(account: Account, values: dict[str, Any], credentials: Credentials,
           settings: Settings, as_json: bool) -> dict[str, Any]:
    """The values with the user names that work.

    Raises:
        PostelError: a server does not let us in; nothing has been kept.
    """
    from ..mail.checking_sync import right_user
    from ..mail.discovery_types import alternatives

    made = dict(values)
    for kind in _KINDS:
        url: URL | None = getattr(account, kind)
        if url is None:
            continue
        users = (url.user or "",) if account.oauth else alternatives(
            account.address, (url.user,) if url.user else ())
        tried = right_user(url, users, credentials, **others(settings, url))
        if tried.error is not None:
            raise tried.error
        _tell(kind, tried, settings)
        made[kind] = str(tried.url)
    return made


def _tell(kind: str, tried: Tried, settings: Settings) -> None:
    how = f", {tried.tls}" if tried.tls else ""
    settings.say(f"{kind:5} {tried.url}: logged in ({tried.seconds:.1f} s{how})")


# -- list, test, log in, remove ------------------------------------------------------------------


@command.command("list")
@output_options
def list_(as_json: bool) -> None:
    """List the accounts of this machine."""
    from ..mail.accounts_file import load_accounts

    known = load_accounts()
    usual = known.usual()
    for one in known:
        _show_account(one, as_json=as_json, usual=one is usual)


def _show_account(one: Account, *, as_json: bool, usual: bool = False, dry: bool = False) -> None:
    urls = {kind: str(getattr(one, kind)) for kind in _KINDS if getattr(one, kind)}
    how = "oauth" if one.oauth else "command" if one.password_command else "key"
    if dry:
        would("add", one.name, as_json=as_json, address=one.address, **urls)
    elif as_json:
        print_json({"name": one.name, "address": one.address, **urls,
                    "mailbox": one.mailbox or None, "login": how, "default": usual})
    else:
        mark = "*" if usual else " "
        where = urls.get("imap") or urls.get("pop3") or one.mailbox or urls.get("smtp", "")
        click.echo(f"{mark} {display(one.name):12} {display(one.address):32} {display(where)}  "
                   f"({how})")


@command.command("test")
@click.argument("names", nargs=-1)
@output_options
@client_options
def test(names: tuple[str, ...], settings: Settings, as_json: bool) -> int:
    """Log in to the servers of accounts, and leave: of those named, or of all."""
    from ..mail.accounts_file import load_accounts
    from ..mail.checking_sync import check_server

    known = load_accounts()
    chosen = [known[name] for name in names] or list(known)
    codes = [0]
    for account in chosen:
        credentials = credentials_for(account, settings, known.keys)
        for kind in _KINDS:
            url = getattr(account, kind)
            if url is None:
                continue
            tried = check_server(url, credentials, **others(settings, url))
            codes.append(tried.error.exit_code if tried.error else 0)
            _result(account, kind, tried, settings, as_json)
    return next((code for code in codes if code), 0) if len(chosen) == 1 else int(any(codes))


def _result(account: Account, kind: str, tried: Tried, settings: Settings, as_json: bool) -> None:
    if as_json:
        error = tried.error
        print_json({"account": account.name, "kind": kind, "url": str(tried.url), "ok": tried.ok,
                    "seconds": round(tried.seconds, 3), "tls": tried.tls or None,
                    "server": display(tried.server),
                    "error": display(str(error)) if error else None,
                    "hint": error.hint if error else None})
        return
    if tried.error is None:
        click.echo(f"{account.name:12} {kind:5} {tried.url}  logged in ({tried.seconds:.1f} s"
                   f"{', ' + tried.tls if tried.tls else ''})")
        return
    click.echo(f"{account.name:12} {kind:5} {tried.url}  failed")
    settings.fail(tried.error, as_json=False)


@command.command("login")
@click.argument("name")
@click.option("--device", is_flag=True, help="With OAuth: show a code for another device.")
@client_options
def login(name: str, settings: Settings, device: bool) -> None:
    """Log in anew: ask for the password or the provider's yes, try it, and keep it."""
    from ..mail.accounts_file import load_accounts
    from ..mail.checking_sync import check_server

    known = load_accounts()
    account = known[name]
    if account.password_command is not None:
        raise UsageError(f"log in to {name}: its password comes from a command",
                         hint="postel mail accounts test says whether it works")
    credentials = _asking(account, settings, known.keys)
    _log_in(account, credentials, settings, device=device)
    urls = [url for url in (account.imap, account.pop3, account.smtp) if url is not None]
    for url in urls:
        tried = check_server(url, credentials, **others(settings, url))
        if tried.error is not None:
            raise tried.error
        _tell(url.scheme, tried, settings)
    if account.oauth is None:
        for url in urls:
            credentials.keep(url, credentials.secret(url))
    settings.say(f"its key is in {credentials.keys.name}")


def _asking(account: Account, settings: Settings, kind: Any) -> Credentials:
    """Credentials that do not look where the old password is."""
    credentials = credentials_for(account, settings, kind)
    if account.oauth is None:
        word = os.environ.get("POSTEL_PASSWORD")
        if word is None and not sys.stdin.isatty():
            raise AuthenticationError(f"log in to {account.name}: nobody can be asked",
                                      hint="set POSTEL_PASSWORD")
        secret = Secret(word if word is not None else click.prompt(
            f"Password of {display(account.address)}", hide_input=True, err=True, type=str))
        for url in filter(None, (account.imap, account.pop3, account.smtp)):
            credentials.assume(url, secret)
    return credentials


@command.command("remove")
@click.argument("name")
@click.option("--dry-run", is_flag=True, help="Say what would be removed, and remove nothing.")
@output_options
def remove(name: str, dry_run: bool, as_json: bool) -> None:
    """Forget an account and its keys; nothing is changed on its servers."""
    from ..mail.accounts_file import load_accounts, path_of_accounts, remove_account
    from ..mail.credentials_sync import Credentials

    known = load_accounts()
    account = known[name]
    if dry_run:
        would("remove", account.name, as_json=as_json)
        return
    remove_account(account.name)
    forgotten, trouble = 0, ""
    if account.password_command is None:
        try:
            forgotten = Credentials(account, keys_for(known.keys)).forget()
        except PostelError as error:  # the account is gone all the same
            trouble = str(error)
    if trouble:
        click.echo(f"postel: its keys may still be there: {display(trouble)}", err=True)
    if as_json:
        print_json({"removed": account.name, "keys": forgotten})
    else:
        click.echo(f"{account.name} is no longer in {path_of_accounts()}; "
                   f"{forgotten} keys forgotten", err=True)
