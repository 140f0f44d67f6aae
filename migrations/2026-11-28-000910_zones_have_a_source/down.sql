drop table structure_zones;
