-- Which station of its receiver each copy is of, where any of a block is named.
ALTER TABLE hearings ADD COLUMN stations BLOB;
