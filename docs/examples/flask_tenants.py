"""A Flask application on a studio-operator platform: every request finds its tenant by its host, and works in that tenant's database.

    pip install flask psycopg2-binary
    MASTER_DATABASE_URL=postgresql://studio_app:...@master:5432/studio_platform_master \\
    BASE_DOMAIN=platform.com CREDENTIALS_DIRECTORY=/var/run/tenants PORT=8000 python3 flask_tenants.py

The first half (Tenant, Directory, Pools) knows nothing of Flask. What it relies on is written down in routing-contract.md. With gunicorn use
threads (`gunicorn --threads 8 'flask_tenants:create_app()'`); the listening thread starts with the first request, after any fork. SQLAlchemy
works on top: an engine per tenant with `create_engine('postgresql+psycopg2://', creator=lambda: pools.connect(tenant), poolclass=NullPool)`.
"""

import json
import logging
import os
import select
import threading
import time
from collections import OrderedDict, deque
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg2
from flask import Flask, g, jsonify, request
from psycopg2.extensions import TRANSACTION_STATUS_IDLE

LOOKUP_TIMEOUT_SECONDS = 2
REFRESH_AFTER_SECONDS = 60  # the net under the notifications
SERVED_STALE_FOR_SECONDS = 3600  # when the master database gives no answer
MASTER_RETRY_SECONDS = 1
REMEMBERED_HOSTS = 20_000
UNKNOWN_FOR_SECONDS = 10
REMEMBERED_UNKNOWN_HOSTS = 10_000
ACQUIRE_TIMEOUT_SECONDS = 5
CONNECTIONS_PER_TENANT = 4
CONNECTIONS_IN_ALL = 80
IDLE_SECONDS = 30
RETRY_AFTER_SECONDS = 5
CHANGED = -1  # in place of the epoch of an entry that a notification was about

log = logging.getLogger("flask_tenants")


class NotServed(Exception):
    """The request is answered with this status and sentence, and nothing else is said to strangers."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Tenant:
    organization_id: int
    subdomain: str
    display_name: str
    status: str
    database_name: str
    database_host: str
    database_port: int
    schema_version: int | None
    secret_name: str | None


COLUMNS = ", ".join(f"t.{name}" for name in Tenant.__dataclass_fields__)
BY_SUBDOMAIN = f"SELECT {COLUMNS} FROM public.tenant_routes AS t WHERE t.subdomain = %s"
BY_ORGANIZATION = f"SELECT {COLUMNS} FROM public.tenant_routes AS t WHERE t.organization_id = %s"
BY_DOMAIN = f"""SELECT {COLUMNS} FROM public.organization_domains AS d
    JOIN public.tenant_routes AS t ON t.organization_id = d.organization_id WHERE d.domain = %s"""


def lookup_key(host, base_domain):
    """The label under the base domain, or a whole custom domain; it has a dot. Raises NotServed for what is no tenant's host."""
    name, _, port = host.partition(":")  # an IPv6 literal has no tenant: its rest is no port
    name = name.lower().removesuffix(".")
    try:
        name = name.encode("idna").decode("ascii")  # what a browser has not done already
    except UnicodeError as error:
        raise NotServed(400, "This is not a host name.") from error
    labels = name.split(".")
    allowed = set("abcdefghijklmnopqrstuvwxyz0123456789-")
    if not (port == "" or port.isascii() and port.isdigit()) or len(name) > 253 or not all(label and set(label) <= allowed for label in labels):
        raise NotServed(400, "This is not a host name.")
    if not name.endswith("." + base_domain):
        if name == base_domain or len(labels) < 2:
            raise NotServed(404, "There is nothing here.")
        return name
    label = name.removesuffix("." + base_domain)
    if "." in label:
        raise NotServed(404, "There is nothing here.")
    return label


class Directory:
    """Host -> Tenant: a cache that is right as long as its listening connection lives, and is looked at again whenever it may not be."""

    def __init__(self, master_url, base_domain):
        self._master_url = master_url
        self._base_domain = base_domain
        self._lock = threading.Lock()
        self._entries = OrderedDict()  # key -> (Tenant, when it was verified, epoch)
        self._unknown = OrderedDict()  # key -> when nobody had it
        self._epoch = 0  # grows whenever everything must be looked at again
        self._changes = 0  # grows with every notification: an answer that was under way meanwhile is not kept
        self._listening = False
        self._listener = None
        self._idle = deque()  # connections to the master database
        self._down_until = 0.0

    def find(self, host):
        """The tenant of a host. Raises NotServed: 404 nobody's, 410 not any more, 503 when nobody can say."""
        key = lookup_key(host, self._base_domain)
        self._start_listening()
        with self._lock:
            entry = self._entries.get(key)
            if entry is not None and self._is_fresh(entry):
                return entry[0]
            if self._listening and time.monotonic() - self._unknown.get(key, float("-inf")) < UNKNOWN_FOR_SECONDS:
                raise NotServed(404, "There is no studio here.")
        try:
            tenant = self._look_up(key)
        except psycopg2.Error as error:
            if entry is not None and entry[2] != CHANGED and time.monotonic() - entry[1] < SERVED_STALE_FOR_SECONDS:
                return entry[0]
            raise NotServed(503, "This cannot be answered at the moment.") from error
        if tenant is None:
            raise NotServed(404, "There is no studio here.")
        return tenant

    def refresh(self, tenant):
        """The tenant as it is now, past the cache, or None: for a database that has refused us."""
        try:
            return self._query(BY_ORGANIZATION, tenant.organization_id)
        except psycopg2.Error:
            return tenant  # nobody can say more than we know

    def _is_fresh(self, entry):
        return self._listening and entry[2] == self._epoch and time.monotonic() - entry[1] < REFRESH_AFTER_SECONDS

    def _look_up(self, key):
        while True:
            with self._lock:
                epoch, changes = self._epoch, self._changes
            tenant = self._query(BY_DOMAIN if "." in key else BY_SUBDOMAIN, key)
            with self._lock:
                if (epoch, changes) != (self._epoch, self._changes):
                    continue  # what was read may be older than the notification: read again
                if tenant is None and key in self._entries:
                    tenant = replace(self._entries[key][0], status="deleted")
                if tenant is None:
                    remember(self._unknown, key, time.monotonic(), REMEMBERED_UNKNOWN_HOSTS)
                else:
                    remember(self._entries, key, (tenant, time.monotonic(), epoch), REMEMBERED_HOSTS)
                return tenant

    def _query(self, text, value):
        while self._idle:
            try:
                return self._ask(self._idle.pop(), text, value)
            except (psycopg2.OperationalError, IndexError):
                pass  # it had died in the meantime, or another thread was quicker
        if time.monotonic() < self._down_until:
            raise psycopg2.OperationalError("the master database gave no answer a moment ago")
        try:
            return self._ask(self._connect(), text, value)
        except psycopg2.Error:
            self._down_until = time.monotonic() + MASTER_RETRY_SECONDS
            raise

    def _ask(self, connection, text, value):
        try:
            with connection.cursor() as cursor:
                cursor.execute(text, (value,))
                row = cursor.fetchone()
        except psycopg2.Error:
            connection.close()
            raise
        self._idle.append(connection)
        return None if row is None else Tenant(*row)

    def _connect(self):
        connection = psycopg2.connect(
            self._master_url,
            application_name="flask_tenants",
            connect_timeout=LOOKUP_TIMEOUT_SECONDS,
            tcp_user_timeout=LOOKUP_TIMEOUT_SECONDS * 1000,  # a server that vanished is no server to wait for
        )
        connection.autocommit = True
        return connection

    def _start_listening(self):
        if self._listener is not None:
            return
        with self._lock:
            if self._listener is None:
                self._listener = threading.Thread(target=self._listen_forever, name="tenant-changes", daemon=True)
                self._listener.start()

    def _listen_forever(self):
        while True:
            try:
                self._listen()
            except Exception as error:  # whatever it is: without this thread nothing would be heard of
                log.warning("changes of tenants are not heard of: %s", error)
            self._forget_everything(listening=False)
            time.sleep(MASTER_RETRY_SECONDS)

    def _listen(self):
        connection = self._connect()
        try:
            with connection.cursor() as cursor:
                cursor.execute("LISTEN studio_tenants")
                self._forget_everything(listening=True)  # what changed before is not announced again
                while True:
                    if not select.select([connection], [], [], 5)[0]:
                        cursor.execute("SELECT pg_backend_pid()")  # finds a connection that died silently, and a pooler
                        if cursor.fetchone()[0] != connection.info.backend_pid:
                            raise RuntimeError("there is a transaction pooler in front of the master database")
                    connection.poll()
                    while connection.notifies:
                        self._forget(connection.notifies.pop(0).payload)
        finally:
            connection.close()

    def _forget_everything(self, listening):
        with self._lock:
            self._epoch += 1
            self._unknown.clear()
            self._listening = listening

    def _forget(self, payload):
        try:
            change = json.loads(payload)
            organization, hosts = int(change["organization"]), set(change.get("hosts", ()))
        except (ValueError, TypeError, KeyError):
            return self._forget_everything(listening=True)  # `{}`, or nothing that we understand
        with self._lock:
            self._changes += 1
            for host in hosts:
                self._unknown.pop(host, None)
            for key, (tenant, verified, _) in self._entries.items():
                if key in hosts or tenant.organization_id == organization:
                    self._entries[key] = (tenant, verified, CHANGED)


def remember(entries, key, value, limit):
    entries[key] = value
    entries.move_to_end(key)
    if len(entries) > limit:
        entries.popitem(last=False)


class Pools:
    """Connections of tenants: a few for each, never one for two. A new password is found and nobody notices."""

    def __init__(self, credentials_directory, directory):
        self._credentials_directory = Path(credentials_directory)
        self._directory = directory
        self._idle = {}  # organization id -> [(connection, since when)], the tenant that was served last at the end
        self._open = {}  # organization id -> number of connections, idle or not
        self._refused = {}  # organization id -> whose turn it is to try, since its database has refused somebody
        self._changed = threading.Condition()

    @contextmanager
    def transaction(self, tenant):
        """A connection in a transaction: committed at the end, rolled back after an exception."""
        connection = self._acquire(tenant)
        try:
            with connection:
                yield connection
        finally:
            self._release(tenant, connection)

    def connect(self, tenant):
        """A new connection. Tries again with the credentials as they are by then while they are refused: passwords change."""
        deadline = time.monotonic() + ACQUIRE_TIMEOUT_SECONDS
        pause = 0.05
        while True:
            with self._turn(tenant, deadline):
                try:
                    connection = psycopg2.connect(
                        connect_timeout=ACQUIRE_TIMEOUT_SECONDS, application_name="flask_tenants", **self._credentials(tenant)
                    )
                    self._refused.pop(tenant.organization_id, None)
                    return connection
                except (psycopg2.OperationalError, FileNotFoundError) as error:
                    self._refused.setdefault(tenant.organization_id, threading.Lock())
                    # Which SQLSTATE it was is not told for a failed connection, so the row is asked: it knows whether the tenant is served.
                    tenant = serve(self._directory.refresh(tenant))
                    if time.monotonic() + pause > deadline:
                        raise NotServed(503, "The database cannot be reached at the moment.") from error
                time.sleep(pause)  # in one's turn: nobody else tries meanwhile
            pause = min(pause * 2, 1)

    @contextmanager
    def _turn(self, tenant, deadline):
        """One attempt at a time while the tenant's database refuses; who waits is let in as soon as one was."""
        lock = self._refused.get(tenant.organization_id)
        if lock is None:
            yield
            return
        if not lock.acquire(timeout=max(0, deadline - time.monotonic())):
            raise NotServed(503, "The database cannot be reached at the moment.")
        try:
            yield
        finally:
            lock.release()

    def _credentials(self, tenant):
        directory = self._credentials_directory / (tenant.secret_name or "")
        files = {name: (directory / name).read_text() for name in ("username", "password", "database")}
        if files["database"] != tenant.database_name:
            raise RuntimeError(f"the credentials in {directory} are of another database")
        tls = {"sslmode": (directory / "sslmode").read_text().strip()} if (directory / "sslmode").exists() else {}
        if (directory / "ca.crt").exists():
            tls["sslrootcert"] = str(directory / "ca.crt")
        return {
            "host": tenant.database_host,
            "port": tenant.database_port,
            "dbname": files["database"],
            "user": files["username"],
            "password": files["password"],
            **tls,
        }

    def _acquire(self, tenant):
        key = tenant.organization_id
        deadline = time.monotonic() + ACQUIRE_TIMEOUT_SECONDS
        with self._changed:
            while True:
                while self._idle.get(key):
                    connection, _ = self._idle[key].pop()
                    if alive(connection) and leads_to(connection, tenant):
                        return connection
                    self._close(key, connection)
                if self._may_open(key):
                    self._open[key] = self._open.get(key, 0) + 1
                    break
                if not self._changed.wait(max(0, deadline - time.monotonic())):
                    raise NotServed(503, "There are too many requests at the moment.")
        try:
            return self.connect(tenant)
        except BaseException:
            self._closed(key)
            raise

    def _may_open(self, key):
        if self._open.get(key, 0) >= CONNECTIONS_PER_TENANT:
            return False
        if sum(self._open.values()) < CONNECTIONS_IN_ALL:
            return True
        return self._close_idle(at_most=1) == 1

    def _close_idle(self, unused_since=float("inf"), at_most=CONNECTIONS_IN_ALL):
        """Of the tenants that were served longest ago first. Returns how many."""
        old = [(key, *entry) for key, idle in self._idle.items() for entry in idle if entry[1] < unused_since][:at_most]
        for key, connection, since in old:
            self._idle[key].remove((connection, since))
            self._close(key, connection)
        return len(old)

    def _release(self, tenant, connection):
        key = tenant.organization_id
        with self._changed:
            if connection.closed or connection.info.transaction_status != TRANSACTION_STATUS_IDLE:
                self._close(key, connection)
            else:
                self._idle[key] = [*self._idle.pop(key, []), (connection, time.monotonic())]
            self._close_idle(unused_since=time.monotonic() - IDLE_SECONDS)
            self._changed.notify_all()

    def _close(self, key, connection):
        connection.close()
        self._closed(key)

    def _closed(self, key):
        with self._changed:
            self._open[key] -= 1
            if self._open[key] == 0:
                del self._open[key]
                self._idle.pop(key, None)
            self._changed.notify_all()


def alive(connection):
    """Whether the server has left an idle connection alone: nothing should have come on it, least of all its end."""
    return not connection.closed and not select.select([connection], [], [], 0)[0]


def leads_to(connection, tenant):
    """Whether it was opened where the tenant's database is now: tenants move."""
    info = connection.info
    return (info.host, info.port, info.dbname) == (tenant.database_host, tenant.database_port, tenant.database_name)


def serve(tenant, minimum_release=0):
    """The tenant, if it is to be served; raises what is answered otherwise."""
    if tenant is None or tenant.status in ("retained", "deleted"):
        raise NotServed(410, "This studio is gone.")
    if tenant.status == "suspended":
        raise NotServed(403, "This studio is suspended.")
    if tenant.status != "active" or (tenant.schema_version or 0) < minimum_release:
        raise NotServed(503, "This studio is being prepared.")
    return tenant


def create_app():
    app = Flask(__name__)
    directory = Directory(os.environ["MASTER_DATABASE_URL"], os.environ["BASE_DOMAIN"].lower())
    pools = Pools(os.environ["CREDENTIALS_DIRECTORY"], directory)
    minimum_release = int(os.environ.get("MINIMUM_RELEASE", "0"))

    @app.before_request
    def find_tenant():
        g.tenant = serve(directory.find(request.host), minimum_release)

    @app.errorhandler(NotServed)
    def answer(error):
        response = jsonify(error=str(error))
        response.status_code = error.status
        response.headers["Cache-Control"] = "no-store"
        if error.status == 503:
            response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
        return response

    @app.errorhandler(psycopg2.InterfaceError)
    @app.errorhandler(psycopg2.OperationalError)
    def database_left(error):
        log.warning("the database of organization %s: %s", g.tenant.organization_id, error)
        return answer(NotServed(503, "The database cannot be reached at the moment."))

    @app.get("/sessions")
    def sessions():
        with pools.transaction(g.tenant) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT id, title FROM sessions ORDER BY id")
            return jsonify(studio=g.tenant.display_name, sessions=[{"id": id, "title": title} for id, title in cursor])

    @app.post("/sessions")
    def add_session():
        title = (request.get_json(silent=True) or {}).get("title")
        if not isinstance(title, str) or title == "":
            return jsonify(error="title: a text is needed"), 422
        with pools.transaction(g.tenant) as connection, connection.cursor() as cursor:
            cursor.execute("INSERT INTO sessions (title) VALUES (%s) RETURNING id", (title,))
            return jsonify(id=cursor.fetchone()[0], title=title), 201

    return app


if __name__ == "__main__":
    create_app().run(host=os.environ.get("HOST", "127.0.0.1"), port=int(os.environ.get("PORT", "8000")), threaded=True)
