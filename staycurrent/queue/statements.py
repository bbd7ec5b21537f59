"""Questions to Procrastinate's tables which the package itself does not ask. Its own functions make the changes of state."""

from __future__ import annotations

HELD = """
SELECT wanted.key FROM unnest(%(keys)s::text[], %(rests)s::float8[]) AS wanted (key, rest)
WHERE EXISTS (
    SELECT FROM procrastinate_jobs j WHERE j.queueing_lock = wanted.key AND (
        j.status IN ('todo', 'doing')
        OR j.status IN ('succeeded', 'failed') AND EXISTS (
            SELECT FROM procrastinate_events e WHERE e.job_id = j.id AND e.type::text = j.status::text
            AND e.at > now() - make_interval(secs => CASE j.status WHEN 'failed' THEN %(dead)s ELSE wanted.rest END)
        )
    )
)
"""
"""Keys that wait, run or rest."""

STALLED = """
SELECT j.id, j.task_name FROM procrastinate_jobs j LEFT JOIN procrastinate_workers w ON w.id = j.worker_id
WHERE j.status = 'doing' AND (w.id IS NULL OR w.last_heartbeat < now() - make_interval(secs => %(silent)s))
AND now() - pg_postmaster_start_time() > make_interval(secs => %(silent)s)
FOR UPDATE OF j SKIP LOCKED
"""
"""Tasks of silent workers. A server that was away made all of them silent, so after its start they have as long to speak."""

BEGUN = "SELECT id FROM procrastinate_jobs WHERE status = 'doing' AND worker_id = ANY(%s)"

RETRY = "SELECT procrastinate_retry_job_v2(%s, now(), NULL, NULL, NULL)"

NOTE_FAILURE = """
INSERT INTO queue_failures (job_id, failures, error) VALUES (%s, 1, %s)
ON CONFLICT (job_id) DO UPDATE SET failures = queue_failures.failures + 1, error = excluded.error
RETURNING failures, clock_timestamp()
"""

LISTED = """
SELECT j.id, j.task_name, j.queueing_lock, j.lock, j.args, j.status::text AS status,
    coalesce(f.failures, 0) AS failures, f.error,
    CASE WHEN j.status = 'todo' THEN j.scheduled_at
    ELSE (SELECT max(e.at) FROM procrastinate_events e WHERE e.job_id = j.id) END AS at
FROM procrastinate_jobs j LEFT JOIN queue_failures f ON f.job_id = j.id
WHERE j.status::text = ANY(%(statuses)s)
ORDER BY CASE j.status WHEN 'doing' THEN 0 WHEN 'todo' THEN 1 WHEN 'failed' THEN 3 ELSE 2 END, j.priority DESC, j.id
LIMIT %(limit)s
"""

REQUEUE = """
WITH wanted AS (
    SELECT DISTINCT ON (j.queueing_lock) j.id FROM procrastinate_jobs j
    WHERE j.id = ANY(%(ids)s) AND j.status = 'failed' AND NOT EXISTS (
        SELECT FROM procrastinate_jobs o WHERE o.queueing_lock = j.queueing_lock AND o.status IN ('todo', 'doing')
    )
    ORDER BY j.queueing_lock, j.id DESC
), forgiven AS (
    DELETE FROM queue_failures WHERE job_id IN (SELECT id FROM wanted)
)
SELECT procrastinate_retry_job_v2(id, now(), NULL, NULL, NULL) FROM wanted
"""
"""Dead tasks wait once more, the newest of each key, unless another one of that key is there."""

DEAD_KEYS = """
SELECT DISTINCT queueing_lock FROM procrastinate_jobs WHERE id = ANY(%(ids)s) AND status IN ('failed', 'aborted')
"""

SETTLE = """
DELETE FROM procrastinate_jobs j WHERE j.queueing_lock = ANY(%(keys)s) AND j.status IN ('failed', 'aborted') AND EXISTS (
    SELECT FROM procrastinate_jobs o WHERE o.queueing_lock = j.queueing_lock AND o.status IN ('todo', 'doing')
)
"""
"""Dead tasks of keys that are on their way again: their work is done by the one that waits or runs."""

DISCARD = "DELETE FROM procrastinate_jobs WHERE id = ANY(%(ids)s) AND status IN ('failed', 'aborted') RETURNING id"

PRUNE = """
DELETE FROM procrastinate_jobs j USING (
    SELECT job_id, max(at) AS at FROM procrastinate_events GROUP BY job_id
) last
WHERE last.job_id = j.id AND (
    j.status IN ('succeeded', 'cancelled') AND last.at < now() - make_interval(days => %(done)s)
    OR j.status IN ('failed', 'aborted') AND last.at < now() - make_interval(days => %(dead)s)
)
"""
