drop table reading_counts;
