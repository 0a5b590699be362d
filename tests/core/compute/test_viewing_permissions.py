"""Who may see runs: whoever holds the procedure's permission to view, everybody where it names none."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from talkoot.core.base.actors import Actor
from talkoot.core.base.errors import NotAllowedError, NotFoundError
from talkoot.core.base.programmes import procedures
from talkoot.core.compute import services
from talkoot.core.compute.models import Run
from talkoot.core.compute.viewing import current_for, may_view, require_view, viewable_runs

pytestmark = pytest.mark.django_db(databases="__all__")
CarriedOut = Callable[..., Run]
AccountWith = Callable[..., Actor]


@pytest.mark.parametrize(("role", "may"), [("planner", True), ("auditor", True), ("manager", False), ("", False)])
def test_a_private_run_is_for_those_who_hold_its_permission(
    carried_out: CarriedOut, account_with: AccountWith, system: Actor, role: str, may: bool
) -> None:
    open_run, private = carried_out(), carried_out("private")
    services.adopt(system, private)
    actor = account_with(role) if role else Actor()
    assert set(viewable_runs(actor)) == ({open_run, private} if may else {open_run})
    assert may_view(actor, "trials.private") is may
    assert current_for(actor, "trials.private") == (private if may else None)


def test_nobody_adopts_what_they_may_not_see(carried_out: CarriedOut, account_with: AccountWith, system: Actor) -> None:
    run, manager = carried_out("private"), account_with("manager")
    with pytest.raises(NotAllowedError, match=r"trials\.view"):
        services.adopt(manager, run)
    services.adopt(system, run)
    with pytest.raises(NotAllowedError, match=r"trials\.view"):
        services.end_adoption(manager, "trials.private")
    assert current_for(system, "trials.private") == run
    assert services.end_adoption(account_with("planner"), "trials.private").ended_at


def test_runs_of_what_is_no_longer_installed_are_the_shell_s_alone(
    carried_out: CarriedOut, planner: Actor, system: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = carried_out()
    with monkeypatch.context() as without:
        without.delitem(procedures(), "trials.count")
        assert not viewable_runs(planner).exists()
        with pytest.raises(NotFoundError):
            require_view(planner, "trials.count")
        assert viewable_runs(system).get() == run
