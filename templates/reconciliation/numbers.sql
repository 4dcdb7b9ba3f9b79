-- Numbers. All sums are sums of whole numbers (HUGEINT), so they are exact and their order does not matter; only a last division is binary.

-- A decimal as a whole number of 1/10^places; NULL for what is no plain decimal number or does not fit.
CREATE MACRO whole(text, places) AS
    CASE WHEN regexp_full_match(text, '-?[0-9]+([.][0-9]+)?')
         THEN TRY_CAST(split_part(text, '.', 1) || rpad(split_part(text, '.', 2), CAST(places AS INTEGER), '0') AS HUGEINT) END;

CREATE MACRO places_of(text) AS length(split_part(text, '.', 2));

CREATE MACRO ten_to(places) AS CAST('1' || repeat('0', CAST(places AS BIGINT)) AS HUGEINT);

-- §5 Money: "rounded half away from zero". HUGEINT // cuts off towards zero.
CREATE MACRO rounded(numerator, denominator) AS
    sign(numerator) * ((2 * abs(numerator) + denominator) // (2 * denominator));

-- §6: "money has two decimals"
CREATE MACRO euros(cents) AS
    CASE WHEN cents < 0 THEN '-' ELSE '' END || (abs(cents) // 100) || '.' || lpad(CAST(abs(cents) % 100 AS VARCHAR), 2, '0');

-- A delivered cell against a recomputed number: both empty, or no further apart than 1e-9 of the number (of 1, where it is smaller).
CREATE MACRO near(cell, number) AS
    coalesce(CASE WHEN cell = '' OR number IS NULL THEN cell = '' AND number IS NULL
                  ELSE abs(TRY_CAST(cell AS DOUBLE) - number) <= 1e-9 * greatest(1, abs(number)) END, false);

-- A text as it was before it was made inert: the files put an apostrophe before = + - @, tab and carriage return.
CREATE MACRO plain(text) AS CASE WHEN regexp_matches(text, '^''[=+@\t\r-]') THEN substr(text, 2) ELSE text END;
