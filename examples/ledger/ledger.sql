# A ledger in PostgreSQL: accounts, and a journal of every transfer. Several statements up to the end of a line are one command, done whole or not at all.
CREATE TABLE account (name text PRIMARY KEY, balance int NOT NULL CHECK (balance >= 0));
CREATE TABLE journal (id serial PRIMARY KEY, source text, target text, amount int CHECK (amount > 0), booked timestamptz DEFAULT now());
INSERT INTO account VALUES ('alice', 70), ('bob', 0), ('carol', 0);
UPDATE account SET balance = balance - 30 WHERE name = 'alice'; UPDATE account SET balance = balance + 30 WHERE name = 'bob'; INSERT INTO journal (source, target, amount) VALUES ('alice', 'bob', 30);
UPDATE account SET balance = balance - 5 WHERE name = 'bob'; UPDATE account SET balance = balance + 5 WHERE name = 'carol'; INSERT INTO journal (source, target, amount) VALUES ('bob', 'carol', 5);
SELECT name, balance FROM account ORDER BY name;
SELECT sum(balance) AS all_money FROM account;
SELECT id, source, target, amount, booked IS NOT NULL AS has_time FROM journal ORDER BY id;
