"""Pages of a public vote: for everybody who votes, and for those who set it and read what came of it."""

from uuid import UUID
from zoneinfo import ZoneInfo

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from fundapp.accounts import limits
from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.models import Call
from fundapp.applications.presentation.texts import said
from fundapp.applications.queries.managing import managed_call
from fundapp.core import clock
from fundapp.core.errors import Conflict, NotFound, RuleViolations
from fundapp.core.i18n import current_language
from fundapp.core.i18n import gettext as _
from fundapp.core.routes import fresh, limited, requires
from fundapp.core.routes import public as for_everybody
from fundapp.core.web import problems_into
from fundapp.review.models import PublicVote
from fundapp.review.presentation import finalists as finalists_presentation
from fundapp.review.presentation import public_vote as presentation
from fundapp.review.queries import public_vote as queries
from fundapp.review.queries import vote_count
from fundapp.review.queries.finalists import announcement_of
from fundapp.review.queries.selection import selection
from fundapp.review.services import ballots
from fundapp.review.services import public_vote as services
from fundapp.review.views import bp
from fundapp.review.vote_forms import SetAsideForm, TermsForm, VoteForm, terms_form, vote_form
from fundapp.review.vote_rules import VoteMode


@bp.get("/calls/<slug>/vote")
@for_everybody
def public_vote(slug: str) -> ResponseReturnValue:
    """Offer to vote for finalists, or say when one can."""
    vote = queries.announced_vote(slug)
    return _vote_page(vote, _vote_form(vote, empty=True))


@bp.post("/calls/<slug>/vote")
@for_everybody
@limited("vote")
def ask_to_vote(slug: str) -> ResponseReturnValue:
    """Take a choice and mail a link; the answer is the same whether the address has voted before."""
    vote = queries.announced_vote(slug)
    form, status = _vote_form(vote), 422
    if form.validate():
        email = form.email.data or ""
        try:
            ballots.ask_to_vote(
                vote=vote,
                chosen=form.chosen(),
                email=email,
                network=limits.networks_of(request.remote_addr or "")[0],
                language=current_language(),
                may_mail=limits.may_mail(email),
                secret_key=current_app.config["SECRET_KEY"],
                now=clock.now(),
            )
        except RuleViolations as violations:
            problems_into(form, violations)
        except Conflict as refusal:
            form.form_errors = [refusal.message]
            status = 409
        else:
            return redirect(url_for("review.vote_sent", slug=slug))
    return _vote_page(vote, form), status


@bp.get("/calls/<slug>/vote/sent")
@for_everybody
def vote_sent(slug: str) -> ResponseReturnValue:
    """Say that a vote counts once the link in the mail was opened and confirmed."""
    vote = queries.announced_vote(slug)
    return render_template("review/vote_sent.html", **_head(vote.call), terms=_terms(vote))


@bp.get("/vote/<token>")
@for_everybody
def open_vote(token: str) -> ResponseReturnValue:
    """Ask to confirm; opening the link changes nothing, because mail scanners open links too."""
    return _link_page(token)


@bp.post("/vote/<token>")
@for_everybody
@limited("tokens")
def confirm_vote(token: str) -> ResponseReturnValue:
    """Let the vote count, and say so; whoever voted before hears that their first vote counts."""
    try:
        found = queries.request_by_token(token)
        vote = queries.vote_by_id(found.vote_id)
        done = ballots.confirm_vote(request=found, now=clock.now())
    except NotFound:
        return _link_page(token)
    except Conflict as refusal:
        return _link_page(token, refusal.message)
    return render_template("review/vote_counted.html", **_head(vote.call), done=done, terms=_terms(vote))


@bp.get("/manage/<slug>/public-vote")
@requires(P.SLATE_READ)
def managed_vote(slug: str) -> ResponseReturnValue:
    """Show the rules of the vote; while it is open how many voted, and after that what came of it."""
    call = _call(slug, P.SLATE_READ)
    return _managed_page(call, _terms_form(call))


@bp.post("/manage/<slug>/public-vote")
@requires(P.DECISION_MAKE)
@fresh
def set_vote(slug: str) -> ResponseReturnValue:
    """Set the rules of the vote, before it opens."""
    call = _call(slug, P.DECISION_MAKE)
    form, status = terms_form(_categories(call)), 422
    if form.validate():
        try:
            opens_at, closes_at = form.period(call.time_zone)
            services.set_terms(
                actor=current_actor(),
                call=call,
                category_code=form.category.data or "",
                mode=VoteMode(form.mode.data),
                opens_at=opens_at,
                closes_at=closes_at,
                now=clock.now(),
            )
        except RuleViolations as violations:
            problems_into(form, violations)
        except Conflict as refusal:
            form.form_errors = [refusal.message]
            status = 409
        else:
            flash(_("The rules of the vote are set. You can change them until it opens."))
            return redirect(url_for("review.managed_vote", slug=slug))
    return _managed_page(call, form), status


@bp.post("/manage/<slug>/public-vote/set-aside")
@requires(P.DECISION_MAKE)
@fresh
def set_votes_aside(slug: str) -> ResponseReturnValue:
    """Leave a group of odd votes out of the count."""
    call = _call(slug, P.DECISION_MAKE)
    form = SetAsideForm()
    if form.validate():
        try:
            services.set_aside(
                actor=current_actor(),
                call=call,
                pattern_id=form.pattern.data or "",
                reason=form.reason.data or "",
                now=clock.now(),
            )
        except RuleViolations as violations:
            problems_into(form, violations)
        else:
            flash(_("They are left out of the count. Both counts are shown."))
            return redirect(url_for("review.managed_vote", slug=slug))
    return _managed_page(call, _terms_form(call), form), 422


@bp.post("/manage/<slug>/public-vote/count-again")
@requires(P.DECISION_MAKE)
@fresh
def count_votes_again(slug: str) -> ResponseReturnValue:
    """Let a group count again that was left out."""
    call = _call(slug, P.DECISION_MAKE)
    try:
        group_id = UUID(request.form.get("group", ""))
    except ValueError:
        raise NotFound from None
    services.count_again(actor=current_actor(), call=call, group_id=group_id, now=clock.now())
    flash(_("They count again."))
    return redirect(url_for("review.managed_vote", slug=slug))


def _call(slug: str, permission: P) -> Call:
    return managed_call(actor=current_actor(), slug=slug, permission=permission)


def _head(call: Call) -> dict[str, object]:
    return {"slug": call.slug, "call_title": said(call.titles)}


def _terms(vote: PublicVote) -> presentation.TermsShown:
    return presentation.terms_shown(vote, clock.now())


def _vote_form(vote: PublicVote, *, empty: bool = False) -> VoteForm:
    shown = finalists_presentation.public_categories(queries.on_the_ballot(vote), ())
    categories = [
        (
            each.code,
            str(each.title) if each.title else _("Finalists"),
            [(str(one.id), " – ".join(text for text in (one.name, one.title) if text)) for one in each.finalists],
        )
        for each in shown
    ]
    return vote_form(categories, empty=empty)


def _vote_page(vote: PublicVote, form: VoteForm) -> str:
    choices = [field for field in form if field.name.startswith("choice_")]
    return render_template(
        "review/public_vote.html", **_head(vote.call), terms=_terms(vote), form=form, choices=choices
    )


def _link_page(token: str, refused: str = "") -> ResponseReturnValue:
    """Show what a link would confirm, or that it does nothing any more: the same whatever became of it."""
    try:
        found = queries.request_by_token(token)
    except NotFound:
        return render_template("review/vote_link_spent.html"), 404
    vote = queries.vote_by_id(found.vote_id)
    chosen = [each for each in queries.on_the_ballot(vote) if str(each.finalist.id) in found.choices]
    status = 409 if refused else 200
    return render_template(
        "review/vote_link.html",
        **_head(vote.call),
        terms=_terms(vote),
        categories=finalists_presentation.public_categories(chosen, ()),
        refused=refused,
    ), status


def _categories(call: Call) -> list[tuple[str, str]]:
    return [(each.code, str(said(each.titles))) for each in call.categories]


def _terms_form(call: Call) -> TermsForm:
    vote = vote_count.vote_of(call)
    if vote is None:
        return terms_form(_categories(call), mode=None)
    zone = ZoneInfo(call.time_zone)
    opens, closes = vote.opens_at.astimezone(zone), vote.closes_at.astimezone(zone)
    return terms_form(
        _categories(call),
        mode=vote.mode.value,
        category=vote.category.code if vote.category else "",
        opens_on=opens.date(),
        opens_time=opens.time(),
        closes_on=closes.date(),
        closes_time=closes.time(),
    )


def _managed_page(call: Call, form: TermsForm, aside: SetAsideForm | None = None) -> str:
    actor, now = current_actor(), clock.now()
    vote = vote_count.vote_of(call)
    found = selection(actor=actor, call=call)
    told = presentation.whole_vote_shown(found, actor, now) if vote else None
    is_closed = told is not None and told["terms"].is_closed
    odd = queries.odd_patterns(actor=actor, vote=vote, now=now) if vote and is_closed else []
    results = vote_count.result(actor=actor, vote=vote, now=now) if vote and is_closed else []
    return render_template(
        "review/managed_vote.html",
        **_head(call),
        told=told,
        confirmed=queries.confirmed_ballots(actor=actor, vote=vote) if vote else 0,
        patterns=presentation.patterns_shown(odd, results, call.time_zone),
        is_announced=announcement_of(call) is not None,
        may_decide=actor.can(P.DECISION_MAKE, call.id) and found.is_open,
        form=form,
        aside=aside or SetAsideForm(formdata=None),
    )
