"""What the minutes of a decision say of lots that were drawn at the line."""

from fundapp.core.i18n import gettext as _
from fundapp.core.pdf import drawable
from fundapp.review.presentation.line_draw import band_words, lot_words, own_lots_shown
from fundapp.review.presentation.minutes_parts import NONE, Fact, Minuted, Row, Section, Table
from fundapp.review.queries.line_draw import draw_of


def lots(minuted: Minuted) -> Section | None:
    """Tell how the lots were drawn, whose lot came where, and what repeats the draw; nothing where none were drawn."""
    seen = draw_of(actor=minuted.actor, call=minuted.found.call)
    drawn_at = seen.draw.drawn_at if seen is not None else None
    if seen is None or drawn_at is None:
        return None
    draw, said = seen.draw, {row.entry.id: lot_words(row) for row in minuted.found.ranked}
    facts = (
        Fact(_("Fixed"), (minuted.at(draw.fixed_at),)),
        Fact(_("Fingerprint of the list"), (draw.fingerprint,)),
        Fact(_("Public value that decides"), (drawable(draw.value_source),)),
        Fact(_("The value"), (drawable(draw.public_value or ""),)),
        Fact(_("Seed"), (draw.seed or "",)),
        Fact(_("Drawn"), (minuted.at(drawn_at),)),
    )
    rows = tuple(
        Row((each.label, f"{each.reference} {drawable(each.organisation)}", said.get(lot.entry_id) or NONE))
        for each, lot in zip(own_lots_shown(seen), seen.lots, strict=True)
    )
    headings = (_("Lot"), _("Entry"), _("What it came to"))
    texts, tables = (band_words(draw.width),), (Table(None, headings, rows),)
    return Section(_("Lots at the line"), facts=facts, texts=texts, tables=tables)
