"""Small inputs in the sources' real formats. Titles, names and texts are invented."""

from __future__ import annotations

from xml.sax.saxutils import escape


def oai_record(
    paper_id: str,
    *,
    stamp: str = "2026-05-19",
    versions: tuple[tuple[str, str], ...] = (("Mon, 18 May 2026 09:30:00 GMT", "D"),),
    title: str = "A Title",
    authors: str = "Ada Example",
    rest: str = "",
) -> str:
    told = "".join(
        f'<version version="v{n}"><date>{when}</date><size>10kb</size><source_type>{kind}</source_type></version>'
        for n, (when, kind) in enumerate(versions, start=1)
    )
    return f"""<record><header><identifier>oai:arXiv.org:{paper_id}</identifier><datestamp>{stamp}</datestamp>
      <setSpec>cs:cs:LG</setSpec></header><metadata>
      <arXivRaw xmlns="http://arxiv.org/OAI/arXivRaw/"><id>{paper_id}</id><submitter>Ada Example</submitter>{told}
      <title>{escape(title)}</title><authors>{escape(authors)}</authors><categories>cs.LG stat.ML</categories>{rest}
      <abstract>  We show
  a thing.</abstract></arXivRaw></metadata></record>"""


def oai_page(*records: str, token: str = "", day: str = "2026-05-20", error: str = "") -> str:
    inner = error or f"<ListRecords>{''.join(records)}{token}</ListRecords>"
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<responseDate>{day}T06:00:00Z</responseDate><request verb="ListRecords">https://oai.example/oai</request>
{inner}
</OAI-PMH>"""


NO_RECORDS = oai_page(error="<error code='noRecordsMatch'>an empty list</error>")


def rss(*items: tuple[str, str], title: str = "cs.LG updates on arXiv.org") -> str:
    """Items are (id with version, announce type)."""
    told = "".join(
        f"""<item><title>T</title><link>https://arxiv.org/abs/{name}</link>
        <description>arXiv:{name} Announce Type: {kind} \nAbstract: text</description>
        <guid isPermaLink="false">oai:arXiv.org:{name}</guid><category>cs.LG</category>
        <arxiv:announce_type>{kind}</arxiv:announce_type><dc:creator>Ada (MIT, USA)</dc:creator></item>"""
        for name, kind in items
    )
    return f"""<?xml version='1.0' encoding='UTF-8'?>
<rss xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/" version="2.0"><channel>
<title>{title}</title><link>http://rss.arxiv.org/rss/cs.LG</link><description>d</description>{told}</channel></rss>"""


def api_entry(name: str, *, title: str = "A Title", comment: str = "", published: str = "2026-05-18T09:30:00Z") -> str:
    return f"""<entry><id>http://arxiv.org/abs/{name}</id><title>{title}</title><updated>2026-05-20T10:00:00Z</updated>
    <summary>We show
    a thing.</summary><category term="stat.ML"/><category term="cs.LG"/><category term="68T05"/>
    <published>{published}</published><arxiv:primary_category term="cs.LG"/>{comment}
    <author><name>Ada Example</name></author><arxiv:doi>10.1000/xyz</arxiv:doi></entry>"""


def api_feed(*entries: str, total: int | None = None, start: int = 0) -> str:
    return f"""<?xml version='1.0' encoding='UTF-8'?>
<feed xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/" xmlns:arxiv="http://arxiv.org/schemas/atom"
 xmlns="http://www.w3.org/2005/Atom"><id>x</id><title>arXiv Query</title>
<opensearch:itemsPerPage>100</opensearch:itemsPerPage>
<opensearch:totalResults>{len(entries) if total is None else total}</opensearch:totalResults>
<opensearch:startIndex>{start}</opensearch:startIndex>{"".join(entries)}</feed>
"""
