import Foundation
import GRDB

/// The tables of a store, documented for people with a SQL shell and for the README.
///
/// Every table but `event` is reproduced bit for bit by a run that was interrupted and resumed, so no
/// time, duration or host may enter any other table. Seeds and fingerprints are 64-bit patterns
/// in signed integers. Scores are higher-is-better.
public enum StoreSchema {
  /// `PRAGMA application_id`, the letters "MVst".
  static let applicationID: Int32 = 0x4D56_7374

  static let migrator: DatabaseMigrator = {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1") { db in try db.execute(sql: version1) }
    migrator.registerMigration("2") { db in try db.execute(sql: version2) }
    migrator.registerMigration("3") { db in try db.execute(sql: version3) }
    return migrator
  }()

  /// The statements that make the schema as it is now, with the meaning of every table and column.
  public static var text: String { [version1, version2, version3].joined(separator: "\n\n") }

  private static let version2 = """
    -- Items in blocks: races look at whole blocks, subsets are made of them. `item.block` is set when
    -- the first generation is opened; `weight` is how many items of the split an item then stands for.
    ALTER TABLE item ADD COLUMN weight REAL NOT NULL DEFAULT 1;

    -- The estimate that the optimizer was told of a candidate that saw a subset of the items.
    ALTER TABLE candidate ADD COLUMN told REAL;

    DROP VIEW best_observed;
    DROP VIEW progress;

    -- For people: the best score on the search split, or the best estimate where candidates see a
    -- subset. Not validated, so too good to be true.
    CREATE VIEW best_observed AS
      SELECT c.id, c.run, c.generation, c.place, coalesce(c.told, e.score) AS score, c.recipe
      FROM candidate c JOIN evaluation e ON e.candidate = c.id JOIN search s
      WHERE c.kind = 'search' AND c.status = 'scored' AND e.split = 'search'
        AND e.precision = s.precision AND e.decode = s.decode
      ORDER BY coalesce(c.told, e.score) DESC, c.id
      LIMIT 1;

    -- For people: one row per generation.
    CREATE VIEW progress AS
      SELECT g.run, g.number AS generation, g.outcome,
        count(c.id) AS candidates,
        count(c.id) FILTER (WHERE c.status = 'scored') AS scored,
        count(c.id) FILTER (WHERE c.status = 'stopped') AS stopped,
        count(c.id) FILTER (WHERE c.status = 'failed') AS failed,
        max(coalesce(c.told, e.score)) AS best,
        avg(coalesce(c.told, e.score)) AS mean,
        max(max(coalesce(c.told, e.score))) OVER (ORDER BY g.run, g.number) AS best_so_far
      FROM search s JOIN generation g
        LEFT JOIN candidate c ON c.run = g.run AND c.generation = g.number
        LEFT JOIN evaluation e ON e.candidate = c.id AND e.split = 'search'
          AND e.precision = s.precision AND e.decode = s.decode AND c.status = 'scored'
      GROUP BY g.run, g.number
      ORDER BY g.run, g.number;
    """

  private static let version1 = """
    -- The search: one row. Nothing but phase and reason ever changes.
    CREATE TABLE search (
      id INTEGER PRIMARY KEY CHECK (id = 1),
      name TEXT NOT NULL,
      configuration TEXT NOT NULL,      -- the search file with every default resolved, JSON
      seed INTEGER NOT NULL,            -- of every random choice
      bootstrap_seed INTEGER NOT NULL,  -- of the intervals in the verdict
      precision TEXT NOT NULL,          -- of scores on the search split: f32, bf16
      decode TEXT NOT NULL,             -- of scores on the search split: always, unproved, never
      phase TEXT NOT NULL
        CHECK (phase IN ('baselines', 'searching', 'finalists', 'finished', 'stalled')),
      reason TEXT                       -- why it stalled
    ) STRICT;

    -- What follows from space and budget: one row, written once.
    CREATE TABLE plan (
      id INTEGER PRIMARY KEY CHECK (id = 1),
      space TEXT NOT NULL,              -- parameters in the order of a genome's values, JSON
      algorithm TEXT NOT NULL,
      covariance TEXT,                  -- full, diagonal
      population INTEGER NOT NULL,      -- candidates of a generation
      racing INTEGER NOT NULL,          -- 0, 1
      settings TEXT NOT NULL            -- whatever else is fixed, JSON
    ) STRICT;

    -- The budget at the start, then one row for every extension; the last row counts.
    CREATE TABLE budget (
      position INTEGER PRIMARY KEY,
      evaluations INTEGER,              -- full passes over the search split
      time_limit REAL,                  -- seconds of running, over all sessions
      reserve REAL NOT NULL             -- share of evaluations kept for finalists
    ) STRICT;

    CREATE TABLE model (
      position INTEGER PRIMARY KEY,
      name TEXT NOT NULL UNIQUE,
      role TEXT NOT NULL CHECK (role IN ('base', 'expert')),
      path TEXT NOT NULL,               -- absolute
      fingerprint TEXT NOT NULL         -- of the content
    ) STRICT;

    -- The objective: sum of weight * metric over the tasks, divided by the sum of weights.
    CREATE TABLE task (
      position INTEGER PRIMARY KEY,
      name TEXT NOT NULL UNIQUE,
      weight REAL NOT NULL,
      metric TEXT NOT NULL,
      path TEXT NOT NULL,               -- of the task file, absolute
      fingerprint TEXT NOT NULL
    ) STRICT;

    CREATE TABLE benchmark (
      task TEXT NOT NULL REFERENCES task (name),
      split TEXT NOT NULL CHECK (split IN ('search', 'validation', 'test')),
      path TEXT NOT NULL,               -- of the rows, absolute
      fingerprint TEXT NOT NULL,
      requested_tokens INTEGER NOT NULL,
      PRIMARY KEY (task, split)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE item (
      task TEXT NOT NULL,
      split TEXT NOT NULL,
      position INTEGER NOT NULL,        -- from 0, as in item_result
      name TEXT NOT NULL,               -- the benchmark's own id
      block INTEGER NOT NULL,           -- racing looks at whole blocks
      PRIMARY KEY (task, split, position),
      FOREIGN KEY (task, split) REFERENCES benchmark (task, split)
    ) STRICT, WITHOUT ROWID;

    -- One round of ask and tell.
    CREATE TABLE generation (
      run INTEGER NOT NULL,             -- restarts of the optimizer, from 0
      number INTEGER NOT NULL,
      outcome TEXT NOT NULL CHECK (outcome IN ('open', 'closed', 'void')),
      state BLOB,                       -- the optimizer at opening; every tenth and the last two
      PRIMARY KEY (run, number)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE candidate (
      id INTEGER PRIMARY KEY,           -- 1, 2, ... in order of creation
      kind TEXT NOT NULL CHECK (kind IN ('base', 'expert', 'simple', 'search', 'finalist')),
      name TEXT,
      run INTEGER,                      -- run, generation, place: where the optimizer proposed it
      generation INTEGER,
      place INTEGER,
      genome BLOB,                      -- little-endian doubles in the order of plan.space
      point BLOB,                       -- the optimizer's own coordinates, likewise
      recipe TEXT,                      -- YAML for `mergevolve merge`
      fingerprint INTEGER NOT NULL,     -- equal for equal merges
      duplicate_of INTEGER REFERENCES candidate (id),
      status TEXT NOT NULL CHECK (status IN ('pending', 'scored', 'stopped', 'failed', 'dropped')),
      reason TEXT,                      -- why it failed
      stopped_block INTEGER,            -- raced out after this block
      stopped_difference REAL,
      UNIQUE (run, generation, place),
      FOREIGN KEY (run, generation) REFERENCES generation (run, number)
    ) STRICT;

    CREATE INDEX candidate_fingerprint ON candidate (fingerprint);

    -- One score: of a candidate on a split, computed in one way.
    CREATE TABLE evaluation (
      candidate INTEGER NOT NULL REFERENCES candidate (id),
      split TEXT NOT NULL CHECK (split IN ('search', 'validation', 'test')),
      precision TEXT NOT NULL,
      decode TEXT NOT NULL,
      mask_seed INTEGER NOT NULL,       -- of dare and della; else 0
      score REAL NOT NULL,
      standard_error REAL,
      requested_tokens INTEGER NOT NULL,
      cost REAL NOT NULL,               -- share of a full pass over the split
      complete INTEGER NOT NULL,        -- 0: raced out, some blocks only
      PRIMARY KEY (candidate, split, precision, decode, mask_seed)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE task_score (
      candidate INTEGER NOT NULL,
      split TEXT NOT NULL,
      precision TEXT NOT NULL,
      decode TEXT NOT NULL,
      mask_seed INTEGER NOT NULL,
      task TEXT NOT NULL REFERENCES task (name),
      metric TEXT NOT NULL,
      value REAL NOT NULL,
      standard_error REAL,
      items INTEGER NOT NULL,
      decoded INTEGER NOT NULL,         -- items that the forced pass left open
      changed INTEGER NOT NULL,         -- of these, items whose decoded score differs
      PRIMARY KEY (candidate, split, precision, decode, mask_seed, task, metric),
      FOREIGN KEY (candidate, split, precision, decode, mask_seed)
        REFERENCES evaluation (candidate, split, precision, decode, mask_seed)
    ) STRICT, WITHOUT ROWID;

    -- Results item by item; `mergevolve status STORE --samples --candidate ID` decodes them.
    -- items, little-endian: "MVIT", u8 1, u32 n, n * u32 item.position, u16 columns, per column
    -- u8 length and UTF-8 of its name, u8 kind and n values: 1 f64; 2 u8 for reals 0 and 1;
    -- 3 ratios, n f64 numerators then n f64 denominators; 4 i64; 5 u8 for integers;
    -- 6 u32 count and f64 each; 7 u32 bytes and UTF-8 each.
    CREATE TABLE item_result (
      candidate INTEGER NOT NULL REFERENCES candidate (id),
      split TEXT NOT NULL,
      precision TEXT NOT NULL,
      decode TEXT NOT NULL,
      mask_seed INTEGER NOT NULL,
      task TEXT NOT NULL REFERENCES task (name),
      block INTEGER NOT NULL,
      items BLOB NOT NULL,
      PRIMARY KEY (candidate, split, precision, decode, mask_seed, task, block)
    ) STRICT, WITHOUT ROWID;

    -- Generated texts, of baselines and finalists only; NUL is shown as U+2400.
    CREATE TABLE sample_text (
      candidate INTEGER NOT NULL REFERENCES candidate (id),
      split TEXT NOT NULL,
      precision TEXT NOT NULL,
      decode TEXT NOT NULL,
      mask_seed INTEGER NOT NULL,
      task TEXT NOT NULL REFERENCES task (name),
      position INTEGER NOT NULL,
      text TEXT NOT NULL,
      PRIMARY KEY (candidate, split, precision, decode, mask_seed, task, position)
    ) STRICT, WITHOUT ROWID;

    -- The end of a search; extending and finishing it again adds a round.
    CREATE TABLE finalist (
      round INTEGER NOT NULL,
      position INTEGER NOT NULL,
      candidate INTEGER NOT NULL REFERENCES candidate (id),
      origin TEXT NOT NULL,             -- how it was found
      PRIMARY KEY (round, position)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE conclusion (
      round INTEGER PRIMARY KEY,
      winner INTEGER NOT NULL REFERENCES candidate (id),
      best_parent INTEGER NOT NULL REFERENCES candidate (id),
      best_simple INTEGER REFERENCES candidate (id)
    ) STRICT;

    -- The winner's score less another's: paired bootstrap over the items.
    CREATE TABLE comparison (
      round INTEGER NOT NULL REFERENCES conclusion (round),
      position INTEGER NOT NULL,
      opponent INTEGER NOT NULL REFERENCES candidate (id),
      role TEXT NOT NULL CHECK (role IN ('best_parent', 'best_simple', 'parent')),
      split TEXT NOT NULL,
      gain REAL NOT NULL,
      low REAL NOT NULL,
      high REAL NOT NULL,
      level REAL NOT NULL,
      words TEXT NOT NULL,
      PRIMARY KEY (round, position)
    ) STRICT, WITHOUT ROWID;

    -- Every look at the test split, written before the look.
    CREATE TABLE test_look (
      number INTEGER PRIMARY KEY,
      purpose TEXT NOT NULL CHECK (purpose IN ('verdict', 'evaluate')),
      round INTEGER,
      candidates TEXT NOT NULL          -- their ids, JSON
    ) STRICT;

    -- Timings, hosts, threads, memory, attempts: the one table that differs from run to run.
    CREATE TABLE event (
      id INTEGER PRIMARY KEY,
      at TEXT NOT NULL,                 -- UTC
      session INTEGER NOT NULL,         -- from 1: how often a driver was started
      kind TEXT NOT NULL,
      elapsed REAL NOT NULL,            -- seconds since the session began
      candidate INTEGER,
      detail TEXT NOT NULL              -- JSON
    ) STRICT;

    -- For people: the best complete score on the search split. Not validated, so too good to be true.
    CREATE VIEW best_observed AS
      SELECT c.id, c.run, c.generation, c.place, e.score, c.recipe
      FROM candidate c JOIN evaluation e ON e.candidate = c.id JOIN search s
      WHERE c.kind = 'search' AND c.status = 'scored' AND e.split = 'search' AND e.complete = 1
        AND e.precision = s.precision AND e.decode = s.decode
      ORDER BY e.score DESC, c.id
      LIMIT 1;

    -- For people: what validation chose, in the last round.
    CREATE VIEW winner AS
      SELECT c.id, c.name, k.round,
        (SELECT avg(score) FROM evaluation
         WHERE candidate = c.id AND split = 'validation' AND complete = 1) AS validation,
        (SELECT avg(score) FROM evaluation
         WHERE candidate = c.id AND split = 'test' AND complete = 1) AS test,
        c.recipe
      FROM conclusion k JOIN candidate c ON c.id = k.winner
      ORDER BY k.round DESC
      LIMIT 1;

    -- For people: one row per generation.
    CREATE VIEW progress AS
      SELECT g.run, g.number AS generation, g.outcome,
        count(c.id) AS candidates,
        count(c.id) FILTER (WHERE c.status = 'scored') AS scored,
        count(c.id) FILTER (WHERE c.status = 'failed') AS failed,
        max(e.score) AS best,
        avg(e.score) AS mean,
        max(max(e.score)) OVER (ORDER BY g.run, g.number) AS best_so_far
      FROM search s JOIN generation g
        LEFT JOIN candidate c ON c.run = g.run AND c.generation = g.number
        LEFT JOIN evaluation e ON e.candidate = c.id AND e.split = 'search' AND e.complete = 1
          AND e.precision = s.precision AND e.decode = s.decode AND c.status = 'scored'
      GROUP BY g.run, g.number
      ORDER BY g.run, g.number;
    """
}
