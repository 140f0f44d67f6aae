-- Attendance was told under a type that the document did not list, so that nobody could ask for it. It is something that
-- happens to an enrolment: what was told before gets the name that is published.
update events set type = 'enrolment.attendance_recorded' where type = 'attendance.recorded';
