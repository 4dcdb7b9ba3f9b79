-- Contract §5, SDGs: activities, participations and money by goal and target, from activity_row and cost to recomputed_sdg.


-- --- activities --------------------------------------------------------------------------------------------------------

-- "Postponed and cancelled rows … count nowhere (money spent on them follows their SDG all the same)" (§3). Of two rows with one code the first.
CREATE TABLE activity AS
SELECT row_number() OVER (ORDER BY c.number, a.member, a.sheet_row, a.place) AS activity_row, c.number AS cycle_number, a.member, a.sheet_row, a.activity, a.joint,
       a.lead = 'yes' AS leads, a.status NOT IN ('postponed', 'cancelled') AS took_place, a.sdg,
       whole(a.women, 0) AS women, whole(a.men, 0) AS men, whole(a.other, 0) AS other, whole(a.unknown, 0) AS unknown
FROM activity_row a JOIN cycle c ON c.code = a.cycle
QUALIFY row_number() OVER (PARTITION BY c.number, a.member, a.activity ORDER BY a.sheet_row, a.place) = 1;

-- "Rows of several members with one joint code are one activity: it counts once, with the participants and SDGs of the row with lead: yes
-- (else of the first member by code)" (§3). Rows that took place come first.
CREATE TABLE joint_leader AS
SELECT joint, cycle_number, first(activity_row ORDER BY took_place DESC, leads DESC, member, sheet_row) AS leader FROM activity WHERE joint <> '' GROUP BY ALL;

CREATE TABLE led AS
SELECT a.*, coalesce(j.leader, a.activity_row) AS leader FROM activity a LEFT JOIN joint_leader j USING (joint, cycle_number);

-- "8.8 or 8.8=60; 5.5=40, targets or bare goals; the first, or the one with the largest share (of equal ones the first), is the main one" (§3).
-- Shares count only where all are given. They are exact to 30 decimals, in two whole numbers that can be multiplied with cents: `share` of 1/10^15
-- percent, and `fine`, the 15 decimals behind it.
CREATE TABLE code AS
WITH part AS (
    SELECT a.activity_row, p.place, trim(split_part(p.part, '=', 1)) AS code, trim(split_part(p.part, '=', 2)) AS share_text,
           whole(share_text, 15) AS share, whole(rpad(substr(split_part(share_text, '.', 2), 16), 15, '0'), 0) AS fine
    FROM activity a, unnest(string_split(a.sdg, ';')) WITH ORDINALITY AS p(part, place)
)
SELECT activity_row, place, code, split_part(code, '.', 1) AS goal, first_value(code) OVER by_share AS main_code,
       CASE WHEN bool_and(share IS NOT NULL) OVER (PARTITION BY activity_row) THEN share END AS share, fine,
       row_number() OVER by_share = 1 AS is_main
FROM part WHERE code <> ''
WINDOW by_share AS (PARTITION BY activity_row ORDER BY coalesce(share, 0) DESC, fine DESC, place);

CREATE TABLE main_code AS SELECT activity_row, code, goal FROM code WHERE is_main;


-- --- counts ------------------------------------------------------------------------------------------------------------

-- "Over several cycles an activity (member and code) still counts once, as last reported". Of a joint one those rows count that are still the last
-- of their activity: of them those of the latest cycle, led as above.
CREATE TABLE last_report AS
SELECT scope.scope, arg_max(a.activity_row, a.cycle_number) AS activity_row
FROM activity a JOIN scope ON a.cycle_number BETWEEN scope.first AND scope.last
WHERE a.took_place GROUP BY scope.scope, a.member, a.activity;

CREATE TABLE counted AS
SELECT scope, activity_row FROM last_report JOIN activity USING (activity_row) WHERE joint = ''
UNION ALL
SELECT scope, first(activity_row ORDER BY cycle_number DESC, leads DESC, member, sheet_row) FROM last_report JOIN activity USING (activity_row)
WHERE joint <> '' GROUP BY scope, joint;

-- "An activity counts once, under its main SDG, and is listed as significant under the others": the main one named twice is no other.
CREATE TABLE counted_code AS
SELECT c.scope, c.activity_row, code.code, code.goal, code.is_main FROM counted c JOIN code USING (activity_row) WHERE is_main OR code.code <> code.main_code;

-- "participants and money add up, each as mapped in its own cycle"; participants of a joint activity are those of its leading row.
-- Where no participants were stated there is nothing to list under the code.
CREATE TABLE participation AS
SELECT scope.scope, l.activity_row, l.women, l.men, l.other, l.unknown, m.code, m.goal
FROM led l JOIN scope ON l.cycle_number BETWEEN scope.first AND scope.last LEFT JOIN main_code m USING (activity_row)
WHERE l.took_place AND l.leader = l.activity_row AND coalesce(l.women, l.men, l.other, l.unknown) IS NOT NULL;


-- --- money -------------------------------------------------------------------------------------------------------------

-- "Money follows the accepted activity of its submission (or, if not there, of the member's latest earlier one)", postponed or not.
CREATE TABLE mapped AS
SELECT c.place, c.cycle_number, c.cents, l.leader
FROM cost c ASOF LEFT JOIN led l ON c.member = l.member AND nullif(c.activity, '') = l.activity AND c.cycle_number >= l.cycle_number;

-- "all to the main SDG, or, with sdg_money: weights, by the shares where they are given (each line by itself, largest remainder, to the cent,
-- ties in the order listed; a negative line as its absolute value, with the sign put back)". Shares sum to 100 (§4, activities.sdg.weights), so a part is
-- cents × (share / 10^15 + fine / 10^30) / 100: whole cents of the first, then of what that leaves over together with the second.
CREATE TABLE allocated AS
WITH shared AS (
    SELECT m.place AS line, m.cycle_number, m.cents, code.code, code.goal, code.place,
           abs(m.cents) * code.share % ten_to(17) * ten_to(15) + abs(m.cents) * code.fine AS rest,
           abs(m.cents) * code.share // ten_to(17) + rest // ten_to(32) AS base, rest % ten_to(32) AS remainder
    FROM mapped m JOIN code ON code.activity_row = m.leader
    WHERE (SELECT by_weights FROM constant) AND code.share IS NOT NULL
), topped AS (
    SELECT *, abs(cents) - sum(base) OVER (PARTITION BY line) AS left_over, row_number() OVER (PARTITION BY line ORDER BY remainder DESC, place) AS turn FROM shared
)
SELECT line, cycle_number, code, goal, sign(cents) * (base + CASE WHEN turn <= left_over THEN 1 ELSE 0 END) AS cents FROM topped
UNION ALL
SELECT m.place, m.cycle_number, code.code, code.goal, m.cents
FROM mapped m LEFT JOIN code ON code.activity_row = m.leader AND code.is_main
WHERE NOT ((SELECT by_weights FROM constant) AND code.share IS NOT NULL);


-- --- figures -----------------------------------------------------------------------------------------------------------

-- Everything that counts under a code (NULL: not attributed), to be added up by code, goal and in total.
CREATE TABLE part AS
SELECT scope, code, goal, activity_row, is_main, 0 AS women, 0 AS men, 0 AS other, 0 AS unknown, 0 AS cents FROM counted_code
UNION ALL
SELECT scope, code, goal, NULL, NULL, women, men, other, unknown, 0 FROM participation
UNION ALL
SELECT scope.scope, code, goal, NULL, NULL, 0, 0, 0, 0, cents FROM allocated a JOIN scope ON a.cycle_number BETWEEN scope.first AND scope.last;

-- "A goal's activities_significant counts an activity once if one of its other codes lies in that goal and the main one does not"
CREATE TABLE goal_significant AS
SELECT o.scope, o.goal, count(DISTINCT o.activity_row) AS activities
FROM counted_code o JOIN main_code m USING (activity_row) WHERE NOT o.is_main AND m.goal <> o.goal GROUP BY ALL;

-- "a target or bare row counts each other code; total and unattributed have 0". What was given to a goal without a target is bare (§6).
CREATE TABLE recomputed_sdg AS
WITH summed AS (
    SELECT scope, CASE WHEN GROUPING(code) = 0 THEN code WHEN GROUPING(goal) = 0 THEN goal ELSE '' END AS sdg,
           CASE WHEN GROUPING(goal) = 1 THEN 'total' WHEN goal IS NULL THEN 'unattributed' WHEN GROUPING(code) = 1 THEN 'goal'
                WHEN code = goal THEN 'bare' ELSE 'target' END AS kind,
           count(DISTINCT activity_row) FILTER (is_main) AS activities_main,
           count(DISTINCT activity_row) FILTER (NOT is_main) AS codes_significant,
           sum(women) AS women, sum(men) AS men, sum(other) AS other, sum(unknown) AS unknown, sum(cents) AS cents
    FROM part GROUP BY GROUPING SETS ((scope, goal, code), (scope, goal), (scope))
    HAVING GROUPING(code) = 0 OR GROUPING(goal) = 1 OR goal IS NOT NULL
)
SELECT s.scope, coalesce(s.sdg, '') AS sdg, s.kind, s.activities_main,
       CASE s.kind WHEN 'goal' THEN coalesce(g.activities, 0) WHEN 'target' THEN codes_significant WHEN 'bare' THEN codes_significant ELSE 0 END AS activities_significant,
       coalesce(women, 0) AS women, coalesce(men, 0) AS men, coalesce(other, 0) AS other, coalesce(unknown, 0) AS unknown, coalesce(cents, 0) AS cents
FROM summed s LEFT JOIN goal_significant g ON s.kind = 'goal' AND g.scope = s.scope AND g.goal = s.sdg
UNION ALL
SELECT scope, '', kind, 0, 0, 0, 0, 0, 0, 0 FROM scope, unnest(['unattributed', 'total']) AS k(kind)
WHERE NOT EXISTS (SELECT 1 FROM summed s WHERE s.scope = scope.scope AND s.kind = k.kind);
