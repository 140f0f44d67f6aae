drop table late_reports;
drop table public_figures;
drop table figure_layers;
drop table figure_editions;
drop function conum_edition_is_open();
