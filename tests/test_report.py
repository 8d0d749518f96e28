"""The report, and the README's section."""

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from priorbench.errors import UserError
from tests.fabricated import CUT, Fabricated, experiment
from workflow.expectations import read
from workflow.scripts import figure, pages, report, tables

ROOT = Path(__file__).parents[1]
ROWS = ("lcm", "glo", "dip", CUT)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Fabricated:
    changed = experiment(
        methods={row: {} for row in ROWS},
        metrics={"psnr": {}, "fid": {}},
        seeds=[0],
    )
    return Fabricated(tmp_path_factory.mktemp("made"), changed)


@pytest.fixture(scope="module")
def page(made: Fabricated) -> str:
    folder = made.root / "results" / "toy"
    tables.main([*made.options, "--out", str(folder / "tables")])
    for name in ("bars", "samples"):
        out = folder / "figures" / f"{name}-photos.png"
        figure.main([*made.options, "--name", name, "--imageset", "photos", "--out", str(out)])
    places = ["--tables", str(folder / "tables"), "--figures", str(folder / "figures")]
    report.main([*places, "--out", str(folder / "report.html"), *made.options])
    return (folder / "report.html").read_text()


class Elements(HTMLParser):
    """The start tags of a page, and those that were left open."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in {"meta", "img"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def links(self) -> Iterator[str]:
        for _, attributes in self.found:
            yield from (str(attributes[name]) for name in ("src", "href") if name in attributes)


def test_the_report_loads_nothing_and_its_links_lead_to_files(page: str, made: Fabricated) -> None:
    elements = Elements(page)
    assert not elements.open
    assert not {"script", "link", "iframe"} & {tag for tag, _ in elements.found}
    assert "@import" not in page
    assert "url(" not in page
    ids = {attributes.get("id") for _, attributes in elements.found}
    for link in elements.links():
        if link.startswith("#"):
            assert link[1:] in ids
        elif not link.startswith("data:image/png;base64,"):
            assert (made.root / "results" / "toy" / link).is_file()


def test_the_report_holds_statements_tables_figures_and_records(
    page: str, made: Fabricated
) -> None:
    text = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    for entry in read():
        assert " ".join(entry["statement"].split()) in text.replace("&#39;", "'")
    for title in (
        "PSNR [dB] ↑ on",
        "Samples against",
        "Where the error comes from",
        "What the runs",
    ):
        assert title in text
    assert page.count("data:image/png") == 2
    runs = made.results.records("photos")
    assert f"{len(runs)} runs" in text
    assert page.count("0123456789</td>") == len(runs)
    assert "There is one training seed" in text
    assert text.split("undertrained is not bad. ")[1].startswith("One seed says nothing")
    assert "a processor, 2 cores" in text


def test_the_report_has_colours_for_dark_and_room_on_a_phone(page: str) -> None:
    assert "prefers-color-scheme: dark" in page
    assert 'name="viewport"' in page


def test_what_files_say_is_shown_as_text(made: Fabricated, tmp_path: Path) -> None:
    spoiled = Fabricated(tmp_path, made.experiment)
    spoiled.amend("represent", "glo", status="diverged at step 3 <script>")
    out = tmp_path / "report.html"
    places = ["--tables", str(tmp_path), "--figures", str(tmp_path), "--out", str(out)]
    report.main([*places, *spoiled.options])
    assert "<script>" not in out.read_text()
    assert "&lt;script&gt;" in out.read_text()


def test_orderings_of_what_was_not_run_take_one_line(page: str) -> None:
    # the fabricated experiment has no digits
    folded = page.split("digits takes no part</summary>")[1].split("</details>")[0]
    assert folded.count("<li>On digits") == 2
    assert page.count("On digits the learned priors") == 2


def test_the_sections_of_a_page_are_filled_and_nothing_else_changes(tmp_path: Path) -> None:
    reference = tmp_path / "results" / "reference"
    run = {
        "hardware": "a laptop",
        "command": "make demo",
        "minutes": 9.7,
        "core_minutes": 18.2,
        "peak_memory_gib": 2.04,
    }
    for name, text in (
        ("tables/quality-photos-psnr.md", "a table of photos\n"),
        ("tables/quality-digits-psnr.md", "a table of digits\n"),
        ("figures/bars-photos.png", ""),
        ("figures/bars-digits.png", ""),
        ("run.json", json.dumps(run)),
    ):
        (reference / "toy" / name).parent.mkdir(parents=True, exist_ok=True)
        (reference / "toy" / name).write_text(text)
    page = tmp_path / "docs" / "page.md"
    page.parent.mkdir()
    marks = "<!-- toy: times -->", "<!-- end -->", "<!-- toy: bars psnr -->", "<!-- end -->"
    page.write_text("before\n{}\nold\n{}\nbetween\n{}\nold\n{}\nafter\n".format(*marks))
    for _ in range(2):
        pages.main(["--pages", str(page), "--reference", str(reference)])
        text = page.read_text()
        assert text.startswith(f"before\n{marks[0]}\n")
        assert f"\n{marks[1]}\nbetween\n{marks[2]}\n" in text
        assert text.endswith(f"\n{marks[3]}\nafter\n")
        assert "old" not in text
    assert (
        "On a laptop, `make demo` took 10 minutes after installing (18 core-minutes) and 2.0 GiB"
        in text
    )
    picture = "](../results/reference/toy/figures/bars-photos.png)"
    assert text.index(picture) < text.index("a table of photos") < text.index("a table of digits")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("no marks", "every section begins"),
        ("<!-- toy: times -->\nnever ended", "every section begins"),
        ("<!-- other: times -->\n<!-- end -->", "no folder .*other"),
        ("<!-- toy: bars ssim -->\n<!-- end -->", "no table quality-\\*-ssim.md"),
        ("<!-- toy: bars psnr -->\n<!-- end -->", "no picture .*bars-photos.png"),
    ],
)
def test_a_section_that_cannot_be_filled_is_an_error(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "toy" / "tables").mkdir(parents=True)
    (tmp_path / "toy" / "tables" / "quality-photos-psnr.md").write_text("a table")
    page = tmp_path / "page.md"
    page.write_text(text)
    with pytest.raises(UserError, match=said):
        pages.main(["--pages", str(page), "--reference", str(tmp_path)])
    assert page.read_text() == text


@pytest.mark.parametrize("page", pages.PAGES, ids=str)
def test_a_page_shows_the_tracked_reference_runs(page: Path) -> None:
    assert pages.filled(ROOT / page, ROOT / pages.REFERENCE) == (ROOT / page).read_text()


def test_what_was_lost_or_left_out_of_an_image_set_is_told() -> None:
    card = {"unreadable": {"count": 3}, "duplicates": {"left out of training": {"equal": 2}}}
    said = report.about(card | {"sampling": "squares", "too_small": {"count": 4}})
    assert "4 pictures were too small" in said
    assert "3 files could not be read" in said and "2 copies of held-out pictures" in said
    assert "sampling: squares" in said
    assert report.about({"unreadable": {"count": 0}, "duplicates": {}}) == ""
