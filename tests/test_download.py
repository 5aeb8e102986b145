"""Fetching files, against a real HTTP server on this machine that can be told to misbehave."""

import errno
import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from minitorch_cnn.datasets import DownloadError, download
from minitorch_cnn.datasets.download import fetch

CONTENT = bytes(range(256)) * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()
NAME = "digits.bin"


class Handler(BaseHTTPRequestHandler):
    """Serves `server.content`, behaving as the first part of the address says."""

    def do_GET(self):
        mirror, name = self.path.strip("/").split("/")
        wanted = self.headers.get("Range")
        self.server.requests.append((mirror, wanted))
        if mirror == "missing" or name != NAME:
            return self.send_error(404)
        if mirror == "busy":
            return self.send_error(503)
        content = b"another file" if mirror == "wrong" else CONTENT
        if mirror == "corrupt":
            content = b"\xff" + CONTENT[1:]
        start = 0
        if wanted and mirror != "rangeless":
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
            if start >= len(content):
                return self.send_error(416)
        if start:
            self.send_response(206)
            shown = start + 1 if mirror == "misplaced" else start
            self.send_header("Content-Range", f"bytes {shown}-{len(content) - 1}/{len(content)}")
        else:
            self.send_response(200)
        if mirror not in ("lengthless", "endless"):
            self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        rest = content[start:]
        if mirror == "endless":
            rest = rest * 3
        if mirror in ("cutting", "rangeless") and not start and self.server.cuts:
            self.server.cuts -= 1
            rest = rest[:100_000]
        if mirror == "hanging":
            self.wfile.write(rest[:1000])
            self.server.released.wait(10)
            return None
        self.wfile.write(rest)
        return None

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.requests, server.cuts, server.released = [], 1, threading.Event()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.released.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def get(server, tmp_path):
    """fetch() from mirrors of the server by their behaviour."""

    def get(*behaviours, **changes):
        address = f"http://127.0.0.1:{server.server_port}"
        mirrors = [f"{address}/{behaviour}" for behaviour in behaviours]
        options = {"size": len(CONTENT), "pause": 0.0, "timeout": 5.0, "progress": False}
        return fetch(NAME, mirrors, SHA256, tmp_path, **{**options, **changes})

    return get


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("size", [len(CONTENT), None])
@pytest.mark.parametrize("behaviour", ["good", "lengthless"])
def test_a_good_mirror(get, tmp_path, behaviour, size):
    path = get(behaviour, size=size)
    assert path == tmp_path / NAME
    assert path.read_bytes() == CONTENT
    assert names(tmp_path) == [NAME]


def test_a_file_that_is_there_is_not_asked_for(get, server, tmp_path):
    (tmp_path / NAME).write_bytes(CONTENT)
    assert get("good") == tmp_path / NAME
    assert server.requests == []


def test_another_file_of_that_name_is_kept(get, server, tmp_path):
    (tmp_path / NAME).write_bytes(b"mine")
    with pytest.raises(ValueError, match=r"another file or damaged: its SHA-256 is .*Move it away"):
        get("good")
    assert server.requests == []
    assert (tmp_path / NAME).read_bytes() == b"mine"


@pytest.mark.parametrize("size", [len(CONTENT), None])
def test_a_cut_connection_is_resumed(get, server, tmp_path, size):
    assert get("cutting", size=size).read_bytes() == CONTENT
    assert server.requests == [("cutting", None), ("cutting", "bytes=100000-")]
    assert names(tmp_path) == [NAME]


def test_the_next_run_resumes_what_an_earlier_one_left(get, server, tmp_path):
    with pytest.raises(DownloadError, match="cut after 100000 bytes"):
        get("cutting", rounds=1)
    assert names(tmp_path) == [NAME + ".part"]
    assert (tmp_path / (NAME + ".part")).read_bytes() == CONTENT[:100_000]
    assert get("good").read_bytes() == CONTENT
    assert server.requests[-1] == ("good", "bytes=100000-")


def test_another_mirror_resumes(get, server):
    assert get("cutting", "good").read_bytes() == CONTENT
    assert server.requests == [("cutting", None), ("good", "bytes=100000-")]


def test_a_server_that_ignores_ranges_sends_all_again(get, server):
    assert get("rangeless").read_bytes() == CONTENT
    assert server.requests == [("rangeless", None), ("rangeless", "bytes=100000-")]


def test_a_server_that_sends_another_range_is_not_trusted(get, tmp_path):
    (tmp_path / (NAME + ".part")).write_bytes(CONTENT[:1000])
    with pytest.raises(DownloadError, match="another range"):
        get("misplaced")
    assert (tmp_path / (NAME + ".part")).read_bytes() == CONTENT[:1000]
    assert get("misplaced", "good").read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("behaviour", "reason"), [("corrupt", "wrong checksum"), ("wrong", "has 12 bytes, expected")]
)
def test_a_wrong_file_is_refused_and_nothing_left(get, server, tmp_path, behaviour, reason):
    with pytest.raises(DownloadError, match=reason):
        get(behaviour)
    assert names(tmp_path) == []
    assert len(server.requests) == 1, "asking again would not help"


def test_a_wrong_checksum_goes_on_to_the_second_mirror(get, server):
    assert get("corrupt", "good").read_bytes() == CONTENT
    assert server.requests == [("corrupt", None), ("good", None)]


@pytest.mark.parametrize("size", [len(CONTENT), None])
@pytest.mark.parametrize("length", [1000, len(CONTENT), len(CONTENT) + 1000])
def test_a_part_of_another_file_is_given_up(get, tmp_path, length, size):
    (tmp_path / (NAME + ".part")).write_bytes(bytes(length))
    assert get("good", size=size).read_bytes() == CONTENT


@pytest.mark.parametrize("size", [len(CONTENT), None])
def test_a_complete_part_is_taken(get, server, tmp_path, size):
    (tmp_path / (NAME + ".part")).write_bytes(CONTENT)
    assert get("good", size=size).read_bytes() == CONTENT
    assert server.requests == ([] if size else [("good", f"bytes={len(CONTENT)}-")])


def test_an_endless_answer_is_cut_off(get, tmp_path):
    with pytest.raises(DownloadError, match=f"more than the {len(CONTENT)} bytes"):
        get("endless")
    assert names(tmp_path) == []


def test_missing_on_the_first_mirror(get, server):
    assert get("missing", "good").read_bytes() == CONTENT
    assert server.requests == [("missing", None), ("good", None)]


def test_no_mirror_has_it(get, server, tmp_path):
    with pytest.raises(DownloadError, match=r"(?s)digits.bin could not .*/missing: HTTP 404") as e:
        get("missing", "busy")
    assert "/busy: HTTP 503" in str(e.value)
    assert [mirror for mirror, _ in server.requests] == ["missing", "busy", "busy", "busy"]
    assert names(tmp_path) == []


def test_a_hanging_mirror_times_out_and_keeps_what_came(get, tmp_path):
    with pytest.raises(DownloadError, match="timed out"):
        get("hanging", timeout=0.2, rounds=1)
    assert (tmp_path / (NAME + ".part")).read_bytes() == CONTENT[:1000]


def test_nobody_listens(server, tmp_path):
    port = server.server_port
    server.shutdown()
    server.server_close()
    with pytest.raises(DownloadError, match="refused"):
        fetch(NAME, [f"http://127.0.0.1:{port}/"], SHA256, tmp_path, pause=0.0, timeout=5.0)
    assert names(tmp_path) == []


def test_a_full_disk_is_told_and_loses_nothing(get, tmp_path, monkeypatch):
    (tmp_path / (NAME + ".part")).write_bytes(CONTENT[:1000])

    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(download.os, "fsync", full)
    with pytest.raises(OSError, match=rf"No space left on device: .*{NAME}\.part"):
        get("good", "good")
    monkeypatch.undo()
    assert names(tmp_path) == [NAME + ".part"]
    assert get("good").read_bytes() == CONTENT


def test_two_at_once_download_once(get, server, tmp_path):
    results = []
    threads = [threading.Thread(target=lambda: results.append(get("good"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [tmp_path / NAME] * 4
    assert (tmp_path / NAME).read_bytes() == CONTENT
    assert names(tmp_path) == [NAME]


def test_failing_two_at_once_leaves_nothing(get, tmp_path):
    errors = []

    def attempt():
        try:
            get("missing")
        except DownloadError as error:
            errors.append(error)

    threads = [threading.Thread(target=attempt) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(errors) == 4
    assert names(tmp_path) == []


def test_the_progress_bar_counts_bytes(get, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    (tmp_path / (NAME + ".part")).write_bytes(CONTENT[:1000])
    get("good", progress=True)
    shown = capsys.readouterr().err
    assert NAME in shown
    assert "250k/250k" in shown


@pytest.mark.parametrize("mirror", ["file:///etc", "ftp://example.org"])
def test_addresses_other_than_http_are_refused(tmp_path, mirror):
    with pytest.raises(ValueError, match="http or https"):
        fetch(NAME, [mirror], SHA256, tmp_path)


@pytest.mark.parametrize("name", ["../digits.bin", "/digits.bin", ""])
def test_file_names_with_folders_are_refused(tmp_path, name):
    with pytest.raises(ValueError, match="plain file name"):
        fetch(name, ["http://127.0.0.1/"], SHA256, tmp_path)
