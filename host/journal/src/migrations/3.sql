-- How far tasks are is kept with the other single values, in `state`.
DROP TABLE task;
