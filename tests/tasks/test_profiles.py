"""Profiles: data that is complete, and deadlines that follow from it."""

from __future__ import annotations

from datetime import date

import pytest

from domain.codes import LANGUAGES, SDG_GOALS
from tasks import profiles
from tasks.faults import OperatorFault
from tasks.profiles import load_profile, profile_names


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("name", sorted(profile_names()))
def test_every_profile_has_all_headings_goals_and_words(name: str) -> None:
    profile = load_profile(name)
    assert profile.name == name
    assert list(profile.headings) == [str(number) for number in range(1, 12)]
    assert tuple(profile.goals) == SDG_GOALS
    assert {line.partition(".")[0] for line in profile.lines} <= set("123456")
    assert set(profile.action_word) == {"action", "operating"}
    assert set(profile.funding) == {"funded", "co-funded"}
    assert all("{name}" in profile.disclaimer[language] for language in LANGUAGES)
    for code in profile.sections:
        for language in LANGUAGES:
            assert "{" not in profile.section(code, language, "operating")


@pytest.mark.parametrize("goal", SDG_GOALS)
def test_the_number_on_a_goals_tile_can_be_read(goal: str) -> None:
    tile = load_profile("prag-2018").goals[goal]
    light, dark = sorted((luminance(tile.colour), luminance(tile.ink)), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_a_report_falls_due_as_prag_2018_says() -> None:
    profile = load_profile("prag-2018")
    assert profile.report_due("interim", date(2019, 6, 30), abroad=True) == date(2019, 8, 29)
    assert profile.report_due("final", date(2021, 12, 14), abroad=True) == date(2022, 6, 14)
    assert profile.report_due("final", date(2021, 11, 30), abroad=False) == date(2022, 2, 28)


def test_an_operating_grant_finances_a_work_programme() -> None:
    profile = load_profile("prag-2018")
    assert profile.section("1.4", "en", "operating") == "Title of the work programme"
    assert profile.section("1.4", "en", "action") == "Title of the action"


def test_an_unknown_profile_is_one_clear_message() -> None:
    with pytest.raises(OperatorFault, match=r"no profile 'prag-1999' in templates/profiles; there are ndici-2021, prag-2018"):
        load_profile("prag-1999")


def test_a_broken_profile_names_file_and_place(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    good = profiles._FOLDER.joinpath("prag-2018.yaml").read_text(encoding="utf-8")
    (tmp_path / "sdg.yaml").write_text(profiles._FOLDER.joinpath("sdg.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "new.yaml").write_text(good.replace("{en: Travel, fr: Voyages, es: Viajes, pt: Viagens}", "{en: Travel}"), encoding="utf-8")
    (tmp_path / "torn.yaml").write_text("name: [", encoding="utf-8")
    monkeypatch.setattr(profiles, "_FOLDER", tmp_path)
    with pytest.raises(OperatorFault, match=r"templates/profiles/new\.yaml: headings\.2: .*no words in fr, es, pt"):
        load_profile("new")
    with pytest.raises(OperatorFault, match=r"templates/profiles/torn\.yaml: is not YAML"):
        load_profile("torn")
