"""Models from a source that is slow, cut off, full of wrong bytes: only the whole and right file is installed."""

import asyncio
import hashlib

import pytest
from support.model_sources import source

from roomtone.errors import ModelError
from roomtone_server.models.fetching import WORKSHOP, fetch
from roomtone_server.models.installed import check, folder_of, installed, models_root
from roomtone_server.models.manifest import Model, ModelFile
from roomtone_server.models.trust import Trust

CONTENT = bytes(range(256)) * 40
SHA256 = hashlib.sha256(CONTENT).hexdigest()
OTHER = CONTENT[::-1]


class Heard:
    """What is told of a download, as a list."""

    def __init__(self):
        self.told = []
        self.came_bytes = 0
        self.some_came = asyncio.Event()

    def begins(self, file, done_bytes, total_bytes):
        self.told.append(("begins", file, done_bytes, total_bytes))

    def came(self, count_bytes):
        self.came_bytes += count_bytes
        self.some_came.set()

    def ended(self, file):
        self.told.append(("ended", file))

    def note(self, words):
        self.told.append(("note", words))

    def begun_at(self):
        return [done for what, *rest in self.told if what == "begins" for done in rest[1:2]]


class Downloads:
    """Into a cache of the test's own."""

    def __init__(self, cache):
        self.cache = cache
        self.trust = Trust(models_root(cache))
        self.heard = Heard()

    async def fetch(self, model, **options):
        return await fetch(model, self.cache, self.trust, self.heard, **options)

    async def interrupted(self, served, model):
        """After the first piece."""
        served.hold()
        fetching = asyncio.create_task(self.fetch(model))
        await self.heard.some_came.wait()
        fetching.cancel()
        await asyncio.wait({fetching})
        served.release()

    def installed(self):
        return {name: (folder / "model.bin").read_bytes() for name, folder in installed(self.cache).items()}

    def parts(self, model):
        return sorted(path.name for path in (models_root(self.cache) / WORKSHOP / model.kind / model.name).glob("*"))


@pytest.fixture
def downloads(tmp_path):
    return Downloads(tmp_path)


def a_model(served, **known):
    return Model(
        name="small",
        kind="whisper",
        licence="MIT",
        languages=("*",),
        source=served.url,
        files={"model.bin": ModelFile(**known)},
    )


async def test_a_model_appears_whole(downloads):
    async with source(model__bin=CONTENT, config__json=b"{}") as served:
        files = {"model.bin": ModelFile(bytes=len(CONTENT), sha256=SHA256), "config.json": ModelFile()}
        model = a_model(served).model_copy(update={"files": files})
        fetched = await downloads.fetch(model)
    assert fetched.folder == folder_of(model, downloads.cache)
    assert sorted(path.name for path in fetched.folder.iterdir()) == ["config.json", "model.bin"]
    assert fetched.first_seen == ("config.json",)
    assert downloads.installed() == {"whisper/small": CONTENT}
    assert downloads.heard.came_bytes == len(CONTENT) + 2
    assert downloads.heard.told[0] == ("begins", "model.bin", 0, len(CONTENT))
    assert not downloads.parts(model)


async def test_a_download_that_breaks_off_goes_on_where_it_stopped(downloads):
    async with source(model__bin=CONTENT) as served:
        served.cut_after = 4000
        await downloads.fetch(a_model(served, sha256=SHA256))
        assert [asked for _, asked in served.asked] == ["", "bytes=4000-", "bytes=8000-"]
    assert downloads.installed() == {"whisper/small": CONTENT}
    assert downloads.heard.came_bytes == len(CONTENT)


async def test_one_that_was_interrupted_goes_on_the_next_time(downloads):
    async with source(model__bin=CONTENT) as served:
        model = a_model(served, sha256=SHA256)
        await downloads.interrupted(served, model)
        assert not downloads.installed()
        assert "model.bin.part" in downloads.parts(model)
        await downloads.fetch(model)
        assert served.asked[-1] == ("model.bin", "bytes=1000-")
    assert downloads.installed() == {"whisper/small": CONTENT}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, {"tag": '"v2"'}),
        ({}, {"knows_ranges": False}),
        ({}, {"part_of_another": True}),
        ({"tag": ""}, {}),
        ({"tag": 'W/"v1"'}, {}),
    ],
)
async def test_what_cannot_go_on_comes_afresh(downloads, before, after):
    async with source(model__bin=OTHER) as served:
        model = a_model(served, sha256=SHA256)
        vars(served).update(before)
        await downloads.interrupted(served, model)
        served.content["model.bin"] = CONTENT
        vars(served).update(after)
        await downloads.fetch(model)
    assert downloads.heard.begun_at() == [0, 0]
    assert downloads.installed() == {"whisper/small": CONTENT}


async def test_a_part_longer_than_the_file_is_now_is_dropped(downloads):
    async with source(model__bin=CONTENT) as served:
        model = a_model(served)
        await downloads.interrupted(served, model)
        served.content["model.bin"] = b"short"
        await downloads.fetch(model)
    assert downloads.installed() == {"whisper/small": b"short"}


async def test_wrong_bytes_are_thrown_away_and_said(downloads):
    async with source(model__bin=OTHER) as served:
        model = a_model(served, sha256=SHA256)
        with pytest.raises(ModelError, match=r"127\.0\.0\.1 sent something that is not what it should .*thrown away"):
            await downloads.fetch(model)
        assert not downloads.installed()
        assert not downloads.parts(model)
        served.content["model.bin"] = CONTENT
        await downloads.fetch(model)
    assert downloads.installed() == {"whisper/small": CONTENT}


async def test_what_came_first_is_what_counts_from_then_on(downloads):
    async with source(model__bin=CONTENT) as served:
        model = a_model(served)
        assert (await downloads.fetch(model)).first_seen == ("model.bin",)
        assert (await downloads.fetch(model)).first_seen == ()
        served.content["model.bin"], served.tag = OTHER, '"v2"'
        with pytest.raises(ModelError, match=r"not what it was on 20.*--renew small"):
            await downloads.fetch(model)
        assert [each.state for each in check(model, downloads.cache, downloads.trust)] == ["good"]
        downloads.trust.forget([model.url("model.bin")])
        await downloads.fetch(model)
    assert downloads.installed() == {"whisper/small": OTHER}


async def test_the_hash_that_the_source_states_is_held_against_what_it_sends(downloads):
    async with source(model__bin=CONTENT) as served:
        served.sends_on, served.stated = True, "0" * 64
        model = a_model(served)
        with pytest.raises(ModelError, match="not what it should be"):
            await downloads.fetch(model)
        served.stated, served.cut_after = "", 4000
        assert (await downloads.fetch(model)).first_seen == ("model.bin",)
    assert downloads.installed() == {"whisper/small": CONTENT}


async def test_slow_bytes_are_waited_for(downloads):
    async with source(model__bin=CONTENT) as served, asyncio.TaskGroup() as tasks:
        served.hold()
        fetching = tasks.create_task(downloads.fetch(a_model(served, sha256=SHA256)))
        await downloads.heard.some_came.wait()
        assert not fetching.done()
        served.release()
    assert downloads.installed() == {"whisper/small": CONTENT}


async def test_silence_is_not_waited_for_for_ever(downloads):
    async with source(model__bin=CONTENT) as served:
        served.knows_ranges = False
        served.hold()
        with pytest.raises(ModelError, match="was silent for too long"):
            await downloads.fetch(a_model(served, sha256=SHA256), silence_s=0.05)
        served.release()


async def test_a_source_that_does_not_tell_the_length(downloads):
    async with source(model__bin=CONTENT) as served:
        served.tells_length = False
        await downloads.fetch(a_model(served, sha256=SHA256))
    assert downloads.installed() == {"whisper/small": CONTENT}


async def test_a_file_of_another_size_is_not_even_fetched(downloads):
    async with source(model__bin=CONTENT) as served:
        with pytest.raises(ModelError, match=f"has {len(CONTENT)} bytes for it, not 5: is its address right"):
            await downloads.fetch(a_model(served, bytes=5))
        served.tells_length = False
        with pytest.raises(ModelError, match="more comes than its 5 bytes: it was thrown away"):
            await downloads.fetch(a_model(served, bytes=5))
    assert not downloads.heard.begun_at()[1:]


@pytest.mark.parametrize("status", [403, 404, 500, 503])
async def test_a_source_that_refuses(downloads, status):
    async with source(model__bin=CONTENT) as served:
        served.status = status
        with pytest.raises(ModelError, match=rf"whisper/small: model\.bin: 127\.0\.0\.1 answers with status {status}"):
            await downloads.fetch(a_model(served))


async def test_a_source_that_refuses_for_now_costs_nothing_of_what_came(downloads):
    async with source(model__bin=CONTENT) as served:
        model = a_model(served, sha256=SHA256)
        await downloads.interrupted(served, model)
        served.status = 503
        with pytest.raises(ModelError, match=r"status 503; .* are kept, and the next pull goes on from there"):
            await downloads.fetch(model)
        served.status = 200
        await downloads.fetch(model)
        assert served.asked[-1] == ("model.bin", "bytes=1000-")
    assert downloads.installed() == {"whisper/small": CONTENT}


async def test_a_source_that_sends_on_without_end(downloads):
    async with source(model__bin=CONTENT) as served:
        served.sends_round = True
        with pytest.raises(ModelError, match="sends on without end"):
            await downloads.fetch(a_model(served))


async def test_a_source_that_is_not_there(downloads):
    async with source() as gone:
        pass
    with pytest.raises(ModelError, match="cannot be reached"):
        await downloads.fetch(a_model(gone))


async def test_a_full_disk_is_said_beforehand(downloads):
    async with source(model__bin=CONTENT) as served:
        files = {f"{n}.bin": ModelFile(about_bytes=2**35) for n in range(3000)}
        model = a_model(served).model_copy(update={"files": files})
        with pytest.raises(ModelError, match="are free: make room, or name another folder in ROOMTONE_CACHE"):
            await downloads.fetch(model)
        assert not served.asked


async def test_a_disk_that_fills_up_meanwhile_keeps_what_came(downloads):
    async with source(model__bin=CONTENT) as served:
        model = a_model(served)
        folder = models_root(downloads.cache) / WORKSHOP / model.kind / model.name
        folder.mkdir(parents=True)
        (folder / "model.bin.part").symlink_to("/dev/full")
        with pytest.raises(ModelError, match="the disk is full"):
            await downloads.fetch(model)
    assert not downloads.installed()


async def test_two_at_once_do_not_meet(downloads):
    async with source(model__bin=CONTENT) as served, asyncio.TaskGroup() as tasks:
        served.hold()
        model = a_model(served)
        tasks.create_task(downloads.fetch(model))
        await served.was_asked.wait()
        with pytest.raises(ModelError, match="small is being fetched by another program"):
            await downloads.fetch(model)
        served.release()
    assert downloads.installed() == {"whisper/small": CONTENT}
