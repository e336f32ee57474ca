"""The safeguards, how to take each out, and which test must notice."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

CRASH = "tests/crash/test_crash_points.py::test_a_run_that_died_anywhere_leaves_what_a_clean_one_leaves[sqlite]"
RESUME = "tests/etl/test_recovery.py::test_resuming_after_any_record_equals_a_clean_run[sqlite-11]"
OLD_HOLDER = "tests/etl/test_leases.py::test_the_old_holder_is_fenced_off[sqlite]"
OLDER_RECORD = "tests/etl/test_monotonic.py::test_an_older_record_does_not_replace_a_newer_one[sqlite]"
GUARD_IN_SQL = "tests/etl/test_monotonic.py::test_the_guard_holds_in_sql_even_if_the_decision_were_wrong[sqlite]"
EMPTY_LIST = "tests/etl/test_monotonic.py::test_an_empty_list_is_a_failure[sqlite]"
OTHER_RECORDS = "tests/etl/test_replay.py::test_other_records_are_not_taken_for_the_rest_of_an_open_replay[sqlite]"
RETRY_AFTER = "tests/etl/test_http.py::test_nobody_is_asked_again_before_retry_after[seconds]"
PAUSED = "tests/app/test_pause.py::test_a_run_that_waits_is_not_started_until_the_source_is_resumed[sqlite]"
SIMULATION = "tests/simulation/test_simulation.py::test_whatever_goes_wrong_all_is_well_in_the_end[1]"
LATER_SIMULATION = "tests/simulation/test_simulation.py::test_whatever_goes_wrong_all_is_well_in_the_end[97]"
SET_CLOCK = "tests/app/test_scheduler.py::test_a_clock_that_is_set_and_set_right_again_does_not_silence_a_schedule"
TWO_WRITERS = "tests/chaos/test_two_writers.py::test_a_writer_waits_for_one_that_has_read_already"
ONE_OF_A_SOURCE = (
    "tests/etl/test_identity_grouping.py::test_no_coin_has_two_assets_of_one_source_or_what_people_keep_apart"
)
CUT_BY_HAND = "tests/etl/test_by_hand.py::test_a_cut_by_hand_is_stronger_than_the_evidence[sqlite]"
LAST_BY_BOTH_TIMES = (
    "tests/etl/test_history_retention.py::test_of_an_hour_both_the_latest_figure_and_the_last_recorded_stay[sqlite]"
)
FORGOTTEN = (
    "tests/etl/test_history_retention.py"
    "::test_what_is_forgotten_cannot_be_asked_for_and_what_still_holds_is_kept[sqlite]"
)


class DoesNotApply(Exception):
    """The text that a mutant replaces is not in its file, or stands there more than once."""


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace `old`, which stands in `path` exactly once, with `new`."""

    path: str
    old: str
    new: str

    def applied_to(self, text: str) -> str:
        if text.count(self.old) != 1:
            raise DoesNotApply(f"{self.path}: {text.count(self.old)} times {self.old!r}")
        return text.replace(self.old, self.new)

    def apply(self, root: Path) -> None:
        file = root / self.path
        file.write_text(self.applied_to(file.read_text(encoding="utf-8")), encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Mutant:
    """A safeguard taken out; `test` must fail then."""

    name: str
    edits: Sequence[Edit]
    test: str


_NO_FENCE = Edit(
    "db/leases.py",
    ".where(leases.c.source == source, leases.c.epoch == epoch)\n        .values(heartbeat_at",
    ".where(leases.c.source == source)\n        .values(heartbeat_at",
)
_NO_DECISION = Edit(
    "etl/load.py",
    "return new is not None and stored is not None and new < stored",
    "return False",
)
_NO_SQL_GUARD = Edit("db/assets.py", "WHERE assets.last_updated IS NULL\n", "WHERE TRUE\n")
_TWO_TRANSACTIONS = Edit(
    "etl/load.py",
    "        checkpoint = await checkpoints.advance(\n",
    "    async with database.write() as connection:\n"
    "        await leases.hold(connection, run.source, run.epoch or 0)\n"
    "        checkpoint = await checkpoints.advance(\n",
)
# What a checkpoint made of a page number would do: leave out the pages that are done, begin the next one anew.
_PAGES_BEHIND_A_NUMBER = Edit(
    "etl/stage.py",
    "        numbers = await windows.page_numbers(connection, window.id, behind)\n",
    "        numbers = await windows.page_numbers(connection, window.id, None)\n"
    "        stands = await checkpoints.get(connection, window.source)\n"
    "        position = stands.position if stands is not None and behind is not None else 0\n"
    "        sizes = await windows.staged(connection, window.id)\n"
    "        numbers = numbers[sum(sum(sizes[:n]) <= position for n in range(1, len(sizes) + 1)) :]\n",
)
_NOTHING_SKIPPED = Edit(
    "etl/extract.py", "return 0 if behind is None else sum(record.key <= behind for record in page)", "return 0"
)
_EMPTY_IS_FINE = Edit("etl/stage.py", "fields.records == 0", "fields.records < 0")
_SHRUNK_IS_FINE = Edit("etl/stage.py", "records >= SHRUNK * before", "records >= 0")
_RETRY_AFTER_IGNORED = Edit(
    "etl/http.py", "return jitter if asked is None else asked.total_seconds() + min(jitter, 1.0)", "return jitter"
)
_CIRCUIT_STAYS_CLOSED = Edit("db/circuits.py", "FAILURES_TO_OPEN = 5", "FAILURES_TO_OPEN = 5000")
_NO_BUDGET = Edit("db/calls.py", "used >= budget.per_minute", "used >= budget.per_minute * 1000")
_COMMIT_BELIEVED_LOST = Edit(
    "etl/runner.py",
    "                    if stands.position == before.position + len(records):\n"
    "                        return Loaded(stands, [], cancel_requested=False)\n",
    "                    before = stands\n",
)
_CLOCK_NOT_WATCHED = Edit("app/scheduler.py", "            self._scheduler.wakeup()\n", "            return\n")
_PLAIN_BEGIN = Edit("db/engine.py", '(writer, "BEGIN IMMEDIATE")', '(writer, "BEGIN")')
_ANY_REPLAY = Edit(
    "db/windows.py",
    "windows.c.mode == mode, windows.c.replay_ids.is_not_distinct_from(replay_ids)",
    "windows.c.mode == mode",
)
_PAUSE_IS_NOT_LOOKED_AT = Edit(
    "etl/runner.py", "if queued.source in await source_states.paused(connection):", "if queued.source == '':"
)
_SOURCE_TWICE = Edit(
    "etl/identity/grouping.py",
    "        if {key.source for key in mine} & {key.source for key in theirs}:\n            return False\n",
    "",
)
_CUTS_FORGOTTEN = Edit("etl/identity/grouping.py", "couple(a, b) in self._cuts", "couple(a, b) in ()")
_LAST_BY_ONE_TIME = Edit(
    "db/history_retention.py", "> 1 for column in columns]", "> 1 for column in columns[1:] or columns]"
)
_FORGOTTEN_IN_SILENCE = Edit(
    "db/history_retention.py", "            await _move(database, source, sources.c.history_since, until)\n", ""
)

MUTANTS = (
    Mutant("no fence: a lease is extended whatever its epoch", [_NO_FENCE], OLD_HOLDER),
    Mutant("older over newer: neither decision nor SQL guard", [_NO_DECISION, _NO_SQL_GUARD], OLDER_RECORD),
    Mutant("older over newer: no decision", [_NO_DECISION], OLDER_RECORD),
    Mutant("older over newer: no guard in SQL", [_NO_SQL_GUARD], GUARD_IN_SQL),
    Mutant("checkpoint and counters in a second transaction", [_TWO_TRANSACTIONS], CRASH),
    Mutant("resume by page number", [_PAGES_BEHIND_A_NUMBER, _NOTHING_SKIPPED], RESUME),
    Mutant("an empty list is a success", [_EMPTY_IS_FINE, _SHRUNK_IS_FINE], EMPTY_LIST),
    Mutant("a replay of other records goes on with an open one", [_ANY_REPLAY], OTHER_RECORDS),
    Mutant("a run starts although its source was paused meanwhile", [_PAUSE_IS_NOT_LOOKED_AT], PAUSED),
    Mutant("Retry-After is ignored", [_RETRY_AFTER_IGNORED], RETRY_AFTER),
    Mutant("the circuit never opens", [_CIRCUIT_STAYS_CLOSED], SIMULATION),
    Mutant("calls are not counted", [_NO_BUDGET], LATER_SIMULATION),
    Mutant("a COMMIT without an answer is taken for lost", [_COMMIT_BELIEVED_LOST], LATER_SIMULATION),
    Mutant("schedules don't notice that the clock was set", [_CLOCK_NOT_WATCHED], SET_CLOCK),
    Mutant("a coin may have two assets of one source", [_SOURCE_TWICE], ONE_OF_A_SOURCE),
    Mutant("what people keep apart is linked", [_CUTS_FORGOTTEN], CUT_BY_HAND),
    Mutant("thinning keeps the last points by one time only", [_LAST_BY_ONE_TIME], LAST_BY_BOTH_TIMES),
    Mutant("history is forgotten without a word", [_FORGOTTEN_IN_SILENCE], FORGOTTEN),
    Mutant("BEGIN instead of BEGIN IMMEDIATE", [_PLAIN_BEGIN], TWO_WRITERS),
)
