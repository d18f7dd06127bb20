"""Reads the stages of a call's review and their phases, and looks whether they fit together."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Literal, TypeVar, cast
from zoneinfo import ZoneInfo

from fundapp.applications.call_package.keys import CODE, Keys, Unready
from fundapp.applications.call_package.package import PhaseRead, StageRead
from fundapp.applications.phase_rules import SeenOthers, ShownAs, overlapping
from fundapp.core.i18n import lazy_gettext as _l

ONLY_STAGE: Final = "review"
"""The code of the one stage of a call that says nothing of stages."""
MOST_REVIEWS: Final = 50
MOST_STAGES: Final = 10
MOST_MINUTES: Final = 24 * 60
DEFAULT_MINUTES: Final = 45
Chosen = TypeVar("Chosen", bound=StrEnum)


def read_stages(keys: Keys, reviews: int) -> tuple[StageRead, ...]:
    """Return the stages in order; one plain stage where the document names none. Unless said, `reviews` peers read."""
    listed = list(keys.tables("stages"))
    if len(listed) > MOST_STAGES:
        keys.complain("stages", _l("There are more than %(most)s of these.", most=MOST_STAGES))
    stages = tuple(_stage(each, reviews, titled=len(listed) > 1) for each in listed[:MOST_STAGES])
    return stages or (StageRead(ONLY_STAGE, {}, "review", reviews, DEFAULT_MINUTES, asks_confidence=False),)


def read_phases(keys: Keys, stages: Sequence[StageRead], zone: ZoneInfo | None) -> tuple[PhaseRead, ...]:
    """Return the phases of all stages, as they are listed."""
    return tuple(_phase(each, stages[-1].code, zone) for each in keys.tables("phases"))


def check_stages(package: Mapping[str, Any], keys: Keys) -> None:
    """Complain about what belongs to no stage, about scales that are no checklist, and about phases that overlap."""
    stages = {each.code: each for each in package["stages"]}
    for criterion in package["criteria"]:
        stage = stages.get(criterion.stage)
        if stage is None:
            keys.complain(f"criteria.{criterion.code}.stage", _l("The call has no stage of this name."))
        elif stage.kind == "screening" and (criterion.minimum, criterion.maximum) != (0, 1):
            keys.complain(
                f"criteria.{criterion.code}.maximum",
                _l("In a screening each question is answered with no (0) or yes (1)."),
            )
    asked = {each.stage for each in package["criteria"]}
    for code in stages:
        if package["criteria"] and code not in asked:
            keys.complain(f"stages.{code}.code", _l("This stage needs at least one criterion."), Unready)
    for phase in package["phases"]:
        if phase.stage not in stages:
            keys.complain(f"phases.{phase.code}.stage", _l("The call has no stage of this name."))
        if phase.starts_at and phase.ends_at and phase.ends_at <= phase.starts_at:
            keys.complain(f"phases.{phase.code}.ends", _l("The phase ends before it starts."))
        if phase.may_discuss and phase.others is SeenOthers.NEVER:
            keys.complain(
                f"phases.{phase.code}.others",
                _l("People who discuss see what the others said: choose from when on."),
            )
    for code in stages:
        dated = [each for each in package["phases"] if each.stage == code and each.starts_at and each.ends_at]
        for one, other in overlapping(dated):
            message = _l("This phase starts before the phase “%(phase)s” ends.", phase=one)
            keys.complain(f"phases.{other}.starts", message)


def _stage(keys: Keys, reviews: int, *, titled: bool) -> StageRead:
    kind: Literal["screening", "review"] = "review"
    written = keys.text("kind", required=False)
    if written == "screening":
        kind = "screening"
    elif written not in ("review", ""):
        keys.complain("kind", _l("A stage is a “screening” or a “review”."))
    stage = StageRead(
        code=keys.text("code", CODE, "shortlist"),
        titles=keys.texts("title") if titled or keys.values.get("title") else {},
        kind=kind,
        reviews=keys.whole("reviews", least=1, most=MOST_REVIEWS, default=reviews),
        review_minutes=keys.whole("minutes", least=1, most=MOST_MINUTES, default=DEFAULT_MINUTES),
        asks_confidence=keys.flag("confidence"),
    )
    keys.table("title", required=False)  # an empty one says nothing
    keys.text("papers", required=False)  # the name of a file, which whoever reads files has looked at
    keys.finish()
    return stage


def _phase(keys: Keys, last_stage: str, zone: ZoneInfo | None) -> PhaseRead:
    phase = PhaseRead(
        code=keys.text("code", CODE, "scoring"),
        stage=keys.text("stage", CODE, "shortlist", required=False) or last_stage,
        titles=keys.texts("title"),
        starts_at=cast(datetime, keys.instant("starts", zone)),
        ends_at=cast(datetime, keys.instant("ends", zone)),
        may_score=keys.flag("score"),
        others=choice(keys, "others", SeenOthers, SeenOthers.NEVER),
        shown_as=choice(keys, "shown_as", ShownAs, ShownAs.ALIASES),
        may_discuss=keys.flag("discuss"),
    )
    keys.finish()
    return phase


def choice(keys: Keys, key: str, choices: type[Chosen], default: Chosen) -> Chosen:
    """Take one of some words."""
    written = keys.text(key, required=False)
    try:
        return choices(written) if written else default
    except ValueError:
        keys.complain(key, _l("Write one of these: %(choices)s.", choices=", ".join(choices)))
        return default
