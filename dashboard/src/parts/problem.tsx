/** What went wrong with what somebody has just tried; nothing while there is nothing to say. */
export const Problem = ({ said }: { said: string }) =>
  said ? (
    <p class="problem" role="alert">
      {said}
    </p>
  ) : null;
