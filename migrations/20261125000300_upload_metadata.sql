-- What a client said of its upload when it began it, word for word: it may want to hear the same again.
alter table uploads add column metadata text;
