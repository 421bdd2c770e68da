"""`roomtone ask` in other languages, without a server."""

from support.command_line import roomtone


async def test_one_house_is_asked_in_the_language_of_its_settings_and_in_another(tmp_path):
    (tmp_path / "server.yaml").write_text("language: hi\n", encoding="utf-8")
    hindi = await roomtone("ask", "--config", "server.yaml", "कितने बजे हैं", folder=tmp_path)
    assert (hindi.status, hindi.out.startswith("अभी ")) == (0, True), hindi.err
    german = await roomtone("ask", "--config", "server.yaml", "--language", "de-AT", "wie spät ist es", folder=tmp_path)
    assert (german.status, german.out.startswith("Es ist ")) == (0, True), german.err
    klingon = await roomtone("ask", "--language", "tlh", "tlhIngan Hol Dajatlh'a'", folder=tmp_path)
    assert klingon.status != 0
    assert "no sentence templates for the language 'tlh'" in klingon.err
    assert "mr" in klingon.err
