"""Coverage: who owes a figure, who reported it, whose figure is an earlier one, and what errors left out."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.agreement import Agreement
from domain.completeness import counting_keys
from domain.coverage import Coverage, coverage, coverage_csv, weighed
from domain.figures import Figures
from domain.reading import read_submission
from domain.submission import AcceptedRow, Judged, Submission
from tasks.aggregate import aggregate
from tasks.profiles import load_profile
from tasks.validate import judge
from tests.builders import ACTIVITY, LOGFRAME, LOGFRAME_COLUMNS, NUMBER, PAYMENT, accepted, clean, small_agreement, submission

AGREEMENT = small_agreement()
PROFILE = load_profile("prag-2018")
SHEETS = ("activities", "indicators", "expenditure", "outcomes")
CYCLES = ("C1", "C2", "C3")
MEMBERS = ("aa", "bb", "cc", "dd")
N1, ACTIVITIES, COSTS = "indicators/{}/network//N1", "sdg/{}/total//activities_main", "finance/11/{}_eur"
ASSIGNED = "member,indicator,country,from,to,baseline,target\n"


def figures_of(agreement: Agreement, cycle: str) -> Figures:
    return Figures(cycle, agreement.cycles_to(cycle), agreement.reporting_period(cycle), [], [], [], [], [])


def covered(rows: Sequence[AcceptedRow] = (), agreement: Agreement = AGREEMENT, cycle: str = "C3", files: Sequence[Submission] = ()) -> dict[str, Coverage]:
    """Coverage by figure of rows that were accepted."""
    judged = Judged([], {sheet: [row for row in rows if row.sheet == sheet] for sheet in SHEETS})
    return {entry.figure: entry for entry in coverage(agreement, figures_of(agreement, cycle), judged, files)}


def number(member: str, cycle: str, indicator: str = "N1") -> AcceptedRow:
    return accepted("indicators", member, cycle, 2, indicator=indicator, country="KE", value=Decimal(1))


def who(entry: Coverage) -> tuple[int, int, int, tuple[str, ...]]:
    return (entry.owed, entry.reported, entry.carried_forward, entry.silent)


def read(data: bytes, member: str = "bb", cycle: str = "C1", name: str = "report.zip", minutes: int = 0, agreement: Agreement = AGREEMENT) -> Submission:
    received = datetime(2019, 7, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    return read_submission(data, key=f"inbox/{cycle}/{member}/{name}", member=member, cycle=cycle, received_at=received, agreement=agreement)


def judged(*files: Submission, cycle: str = "C1", agreement: Agreement = AGREEMENT) -> tuple[dict[str, Coverage], Judged, Figures]:
    """Coverage by figure of files as members send them, through the program's own rules and figures."""
    ordered = sorted(files, key=lambda s: (s.cycle, s.member, s.received_at, s.key))
    result = judge(agreement, ordered, counting_keys(ordered), PROFILE.questions, PROFILE.lines)
    figures, _ = aggregate(agreement, PROFILE, result, ordered, cycle, None)
    return {entry.figure: entry for entry in coverage(agreement, figures, result, ordered)}, result, figures


def lost(entry: Coverage) -> tuple[int, int, int, int]:
    return (entry.rows_left_out, entry.people_left_out, entry.eur_left_out, entry.rows_without_amount)


# --- who owes and who reported ----------------------------------------------------------------------------------------


def test_there_is_an_entry_for_each_figure_even_where_nobody_reported() -> None:
    found = covered()
    indicators = [f"indicators/{scope}/network//{code}" for code in ("N1", "P1", "R1", "K1", "Y1", "Q1", "M1") for scope in ("period", "reporting", "cumulative")]
    activities = [ACTIVITIES.format(scope) for scope in ("period", "reporting", "cumulative")]
    money = [f"finance/{heading}/{column}" for heading in ("1", "2", "3", "4", "5", "6", "11") for column in ("period_eur", "cumulative_eur")]
    assert list(found) == [*indicators, *activities, *money]
    assert {entry.indicator for entry in found.values()} == {"N1", "P1", "R1", "K1", "Y1", "Q1", "M1", None}


def test_without_assignments_an_indicator_is_owed_by_those_who_once_reported_it() -> None:
    found = covered([number("bb", "C1"), number("cc", "C2"), number("dd", "C3")])
    assert who(found[N1.format("period")]) == (3, 1, 0, ("bb", "cc"))
    assert who(found[N1.format("reporting")]) == (3, 2, 0, ("bb",))
    assert who(found[N1.format("cumulative")]) == (3, 3, 0, ())
    assert who(found["indicators/period/network//P1"]) == (0, 0, 0, ())


def test_assigned_indicators_are_owed_in_the_cycles_named() -> None:
    agreement = small_agreement(assignments=ASSIGNED + "aa,N1,KE,,,,\naa,N1,SN,,,,\nbb,N1,KE,,C1,,\ncc,N1,SN,C2,C2,,\n")
    found = covered([number("cc", "C2"), number("dd", "C3")], agreement)
    assert who(found[N1.format("period")]) == (1, 0, 0, ("aa",))
    assert who(found[N1.format("reporting")]) == (2, 1, 0, ("aa",))
    assert who(found[N1.format("cumulative")]) == (3, 1, 0, ("aa", "bb"))


def test_outside_its_time_a_member_owes_nothing() -> None:
    members = "member,name,country,language,decimal,email,role,from,to\naa,A,BE,en,.,,coordinator,,\nbb,B,KE,en,.,,beneficiary,,2019-06-30\n"
    for files in ({}, {"assignments": ASSIGNED + "aa,N1,KE,,,,\nbb,N1,KE,,,,\n"}):
        found = covered([number("aa", "C1"), number("bb", "C1")], small_agreement(members=members, **files))
        assert who(found[N1.format("period")]) == (1, 0, 0, ("aa",))
        assert who(found[N1.format("cumulative")]) == (2, 2, 0, ())
        assert who(found[ACTIVITIES.format("reporting")]) == (1, 0, 0, ("aa",))
        assert who(found[COSTS.format("cumulative")]) == (2, 0, 0, ("aa", "bb"))


def test_an_indicator_is_owed_only_while_the_logframe_has_it() -> None:
    logframe = f"{LOGFRAME_COLUMNS},from,to\nN1,output,Op1,R,T,number,u,up,period,sum,sum,,,,,,,,,,C1\nN2,output,Op1,R,T,number,u,up,period,sum,sum,,,,,,,,,C3,\n"
    agreement = small_agreement(logframe=logframe, assignments=ASSIGNED + "aa,N1,KE,,,,\ncc,N1,SN,C2,,,\nbb,N2,KE,,,,\n")
    found = covered([], agreement)
    assert found[N1.format("cumulative")].silent == ("aa",)  # cc's turn came when there was no N1 any more
    indicators = [figure for figure in found if figure.startswith("indicators/")]
    assert indicators == [N1.format("cumulative"), *(f"indicators/{scope}/network//N2" for scope in ("period", "reporting", "cumulative"))]


def test_a_total_to_date_that_was_not_renewed_is_carried_forward_and_neither_reported_nor_silent() -> None:
    found = covered([number("aa", "C1", "K1"), number("bb", "C1", "K1"), number("bb", "C3", "K1"), number("cc", "C2", "K1")])
    assert who(found["indicators/cumulative/network//K1"]) == (3, 1, 2, ())
    assert who(found["indicators/reporting/network//K1"]) == (3, 2, 0, ("aa",))
    assert who(found["indicators/period/network//K1"]) == (3, 1, 0, ("aa", "cc"))


def test_what_happened_in_a_cycle_is_not_carried_into_another() -> None:
    assert who(covered([number("aa", "C1")])[N1.format("cumulative")]) == (1, 1, 0, ())


def test_activities_are_owed_by_all_and_costs_by_those_whose_costs_they_are() -> None:
    found = covered([accepted("activities", "dd", "C3", 2), accepted("activities", "aa", "C1", 2), accepted("expenditure", "dd", "C3", 2), accepted("expenditure", "bb", "C2", 2)])
    assert who(found[ACTIVITIES.format("period")]) == (4, 1, 0, ("aa", "bb", "cc"))
    assert who(found[ACTIVITIES.format("cumulative")]) == (4, 2, 0, ("bb", "cc"))
    for heading in ("1", "6", "11"):
        assert who(found[f"finance/{heading}/period_eur"]) == (3, 1, 0, ("aa", "cc"))


def test_nothing_to_report_is_a_report_of_activities_and_money_by_the_part_that_says_so() -> None:
    files = [
        replace(read(clean("aa"), "aa"), nil=True),
        replace(read(clean("bb"), "bb"), nil=True, part="programme"),
        replace(read(clean("cc"), "cc"), nil=True, part="finance"),
    ]
    found = covered([], cycle="C1", files=files)
    assert who(found[ACTIVITIES.format("period")]) == (4, 2, 0, ("cc", "dd"))
    assert who(found[COSTS.format("period")]) == (3, 2, 0, ("bb",))
    assert who(covered([number("aa", "C1")], cycle="C1", files=files)[N1.format("period")]) == (1, 1, 0, ())


def test_a_nil_file_that_a_newer_one_displaced_says_nothing() -> None:
    nil = read(submission(cover={"nil": "yes"}), name="nil.zip")
    newer = read(submission(), minutes=1)
    assert "bb" in judged(nil, newer)[0][ACTIVITIES.format("period")].silent
    assert "bb" not in judged(nil)[0][ACTIVITIES.format("period")].silent


reports = st.lists(st.tuples(st.sampled_from(MEMBERS), st.sampled_from(CYCLES), st.sampled_from(["N1", "K1", "activities", "expenditure"])), max_size=20)
assignments = st.lists(st.tuples(st.sampled_from(MEMBERS), st.sampled_from(["N1", "K1"]), st.sampled_from(["", *CYCLES])), max_size=6)


@settings(max_examples=60, deadline=None)
@given(reports, assignments, st.sampled_from(CYCLES))
def test_every_member_that_owes_a_figure_reported_it_or_is_carried_forward_or_silent(said: list[Any], given_to: list[Any], cycle: str) -> None:
    lines = [f"{member},{code},KE,{since},,,\n" for (member, code), since in {(member, code): since for member, code, since in given_to}.items()]
    agreement = small_agreement(assignments=ASSIGNED + "".join(lines)) if lines else AGREEMENT
    said = [(member, when, what) for member, when, what in said if when <= cycle]
    rows = [number(member, when, what) if what in ("N1", "K1") else accepted(what, member, when, 2) for member, when, what in said]
    found = covered(rows, agreement, cycle)
    for entry in found.values():
        assert entry.owed == entry.reported + entry.carried_forward + len(entry.silent)
        assert min(entry.reported, entry.carried_forward) >= 0
        kind, scope = entry.figure.split("/")[:2]
        if kind == "indicators" and entry.indicator in ("N1", "K1"):
            concerned = {"period": [cycle], "reporting": agreement.reporting_period(cycle), "cumulative": agreement.cycles_to(cycle)}[scope]
            spoke = {member for member, when, what in said if what == entry.indicator and when in concerned}
            assert spoke.isdisjoint(entry.silent)
            assert entry.carried_forward == 0 or (scope == "cumulative" and entry.indicator == "K1")


# --- what errors left out ---------------------------------------------------------------------------------------------


def test_rows_in_error_are_counted_with_their_people_and_their_money() -> None:
    people = [{"indicator": "P1", "country": "KE", "value": "7"}, {"indicator": "P1", "country": "ZZ", "value": "40"}, {"indicator": "P1", "country": "ZZ", "value": "15", "sex": "female"}]
    file = submission(
        activities=[ACTIVITY, ACTIVITY | {"activity": "A2", "sdg": "8.99", "women": "100", "men": "20", "other": "3", "unknown": "1"}, ACTIVITY | {"activity": "A3", "country": "", "women": "-4", "men": "2"}],
        indicators=[NUMBER, *people, {"indicator": "N9", "country": "KE", "value": "5"}],
        expenditure=[PAYMENT, PAYMENT | {"heading": "5.7", "payment_date": "2018-03-01", "currency": "EUR", "amount": "10.55"}, PAYMENT | {"country": "ZZ", "amount": "110.55"}],
    )  # fmt: skip
    found, result, figures = judged(read(file))
    assert lost(found[ACTIVITIES.format("period")]) == (2, 126, 0, 0)
    assert lost(found["indicators/period/network//P1"]) == (2, 40, 0, 0)
    assert lost(found[N1.format("period")]) == (0, 0, 0, 0)
    assert lost(found["finance/5/period_eur"]) == (1, 0, 1055, 0)
    assert lost(found["finance/2/cumulative_eur"]) == (1, 0, 101, 0)  # 1.005 EUR
    assert lost(found["finance/1/period_eur"]) == (0, 0, 0, 0)
    assert lost(found[COSTS.format("period")]) == (2, 0, 1156, 0)
    summary = weighed(list(found.values()), figures, result)
    assert (summary.rows, summary.participations, summary.people, summary.eur, summary.rows_without_amount) == (7, 126, 40, 1156, 0)


@pytest.mark.parametrize(
    "fault",
    [{"amount": "50-60"}, {"amount": ""}, {"payment_date": "31/02/2019"}, {"currency": "XXQ"}, {"currency": "USD"}],
    ids=["amount", "no amount", "date", "currency", "rate"],
)  # fmt: skip
def test_a_row_whose_euros_cannot_be_told_is_counted_as_such(fault: dict[str, str]) -> None:
    found, _, _ = judged(read(submission(expenditure=[PAYMENT | fault])))
    for figure in ("finance/2/period_eur", "finance/2/cumulative_eur", COSTS.format("period")):
        assert lost(found[figure]) == (1, 0, 0, 1)


def test_a_heading_that_is_none_is_left_out_of_the_total_alone() -> None:
    found, _, _ = judged(read(submission(expenditure=[PAYMENT | {"heading": "2.99"}, PAYMENT | {"heading": "12"}, PAYMENT | {"heading": ""}])))
    assert lost(found[COSTS.format("period")]) == (3, 0, 3000, 0)
    assert all(found[f"finance/{heading}/period_eur"].rows_left_out == 0 for heading in "123456")


def test_use_of_support_is_left_out_of_no_cost() -> None:
    found, result, figures = judged(read(submission("dd", expenditure=[PAYMENT | {"country": "ZZ"}]), "dd"))
    assert lost(found[COSTS.format("period")]) == (0, 0, 0, 0)
    assert weighed(list(found.values()), figures, result).rows == 1


def test_what_did_not_take_place_has_no_participants_to_leave_out() -> None:
    found, _, _ = judged(read(submission(activities=[ACTIVITY | {"status": "cancelled", "country": "ZZ"}])))
    assert lost(found[ACTIVITIES.format("period")]) == (1, 0, 0, 0)


def test_slices_that_exceed_their_total_leave_out_no_people_since_the_total_holds() -> None:
    rows = [{"indicator": "P1", "country": "KE", "value": value, "sex": sex} for value, sex in (("10", ""), ("8", "female"), ("7", "male"))]
    found, _, _ = judged(read(submission(indicators=rows)))
    assert lost(found["indicators/period/network//P1"]) == (2, 0, 0, 0)


def test_rows_that_a_derived_total_is_made_of_are_not_left_out() -> None:
    rows = [{"indicator": "P1", "country": "KE", "value": value, "sex": sex} for value, sex in (("8", "female"), ("7", "male"))]
    file = read(submission(indicators=rows))
    found, result, _ = judged(file)
    assert any(row.derived_from for row in result.accepted["indicators"])
    assert lost(found["indicators/period/network//P1"]) == (0, 0, 0, 0)
    doubtful = Judged([replace(result.findings[0], severity="error", row=2, sheet="indicators")], {"indicators": [row for row in result.accepted["indicators"] if row.derived_from]})
    assert {entry.rows_left_out for entry in coverage(AGREEMENT, figures_of(AGREEMENT, "C1"), doubtful, [file])} == {0}


def test_files_that_do_not_count_leave_nothing_out() -> None:
    broken = submission(activities=[ACTIVITY | {"country": "ZZ"}], expenditure=[PAYMENT | {"country": "ZZ"}], indicators=[NUMBER | {"country": "ZZ"}])
    found, _, _ = judged(read(broken, name="first.zip"), read(clean(), minutes=1))
    assert {lost(entry) for entry in found.values()} == {(0, 0, 0, 0)}
    found, _, _ = judged(read(clean(), name="first.zip"), read(broken, minutes=1))
    assert lost(found[COSTS.format("period")]) == (1, 0, 1000, 0)


def test_each_scope_has_what_was_left_out_in_its_cycles() -> None:
    def broken(cycle: str, date: str, women: str) -> Submission:
        return read(submission(cycle=cycle, activities=[ACTIVITY | {"start": date, "end": date, "country": "ZZ", "women": women, "men": ""}]), cycle=cycle)

    found, result, figures = judged(broken("C1", "2019-02-01", "1"), broken("C2", "2019-08-01", "10"), broken("C3", "2020-02-01", "100"), cycle="C3")
    assert [found[ACTIVITIES.format(scope)].people_left_out for scope in ("period", "reporting", "cumulative")] == [100, 110, 111]
    assert weighed(list(found.values()), figures, result).rows == 2


def test_every_row_in_error_is_left_out_of_one_indicator_or_of_activities_or_of_money() -> None:
    """Every fourth fixture of the whole program: what is counted here is what validation says that it left out."""
    from tests.domain.test_fixtures import SHOULD_FAIL
    from tests.domain.test_fixtures import read as fixture

    checked = 0
    for path in SHOULD_FAIL[::4]:
        file = fixture(path)
        if file.rejected or file.member not in ("aa", "bb", "cc") or file.cycle != "C1":
            continue
        found, result, _ = judged(file)
        left_out = {sheet: result.left_out.get((file.member, "C1", sheet), 0) for sheet in SHEETS}
        nameless = {f.row for f in result.findings if (f.severity, f.sheet, f.column) == ("error", "indicators", "indicator")}
        assert found[ACTIVITIES.format("period")].rows_left_out == left_out["activities"], path.name
        assert sum(e.rows_left_out for e in found.values() if e.figure.startswith("indicators/period/")) == left_out["indicators"] - len(nameless), path.name
        assert found[COSTS.format("period")].rows_left_out == left_out["expenditure"], path.name
        checked += sum(left_out.values()) > 0
    assert checked > 10


# --- what becomes of it -----------------------------------------------------------------------------------------------


def test_the_file_says_it_in_the_contracts_way() -> None:
    found = covered([number("bb", "C1")])
    entry = replace(found[COSTS.format("period")], rows_left_out=2, people_left_out=3, eur_left_out=123405, rows_without_amount=1)
    rows = list(csv.DictReader(io.StringIO(coverage_csv([entry, found[N1.format("cumulative")]]).decode())))
    assert rows[0] == {
        "figure": "finance/11/period_eur", "owed": "3", "reported": "0", "carried_forward": "0", "silent": "aa; bb; cc",
        "rows_left_out": "2", "people_left_out": "3", "eur_left_out": "1234.05", "rows_without_amount": "1",
    }  # fmt: skip
    assert (rows[1]["silent"], rows[1]["eur_left_out"]) == ("", "0.00")


def test_the_order_in_which_rows_and_files_arrived_says_nothing() -> None:
    files = [read(clean(member), member) for member in ("aa", "bb", "cc")]
    ordered = [number("cc", "C1"), number("aa", "C1"), number("bb", "C2", "K1"), accepted("activities", "aa", "C1", 2)]
    assert coverage_csv(covered(ordered, files=files).values()) == coverage_csv(covered(ordered[::-1], files=files[::-1]).values())


def test_the_summary_is_of_the_reporting_period_and_names_the_ten_indicators_with_the_most_silent_members() -> None:
    rows = "".join(f"I{n:02d},output,Op1,R,T,number,u,up,period,sum,sum,,,,,,,,\n" for n in range(12))
    owed = "".join(f"{member},I{n:02d},KE,,,,\n" for n in range(12) for member in MEMBERS[: n % 4 + 1])
    agreement = small_agreement(logframe=LOGFRAME + rows, assignments=ASSIGNED + owed)
    spoke = [number(MEMBERS[0], "C2", "I00")]
    left_out = {("aa", "C3", "activities"): 2, ("aa", "C2", "indicators"): 1, ("aa", "C3", "narrative"): 5, ("aa", "C1", "activities"): 9}
    summary = weighed(list(covered(spoke, agreement).values()), figures_of(agreement, "C3"), Judged([], {}, left_out))
    assert summary.rows == 3
    assert summary.indicators_with_silent == 11
    assert [entry.indicator for entry in summary.most_silent] == ["I03", "I07", "I11", "I02", "I06", "I10", "I01", "I05", "I09", "I04"]
    assert summary.most_silent[0].silent == MEMBERS
